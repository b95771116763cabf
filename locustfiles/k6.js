// The classic load test, for those who have k6: k6 run -e HOST=http://127.0.0.1:8501 locustfiles/k6.js
// It asks POST /generate_text in the stages of the classic shape; SCALE=0.1 makes it a tenth as long.
import http from "k6/http";
import { check, sleep } from "k6";

const host = __ENV.HOST || "http://127.0.0.1:8501";
const scale = Number(__ENV.SCALE || 1);
const stage = (seconds, target) => ({ duration: `${Math.ceil(seconds * scale)}s`, target });

export const options = {
  stages: [
    stage(60, 10),
    stage(120, 10),
    stage(60, 0),
    stage(30, 50),
    stage(60, 50),
    stage(30, 0),
    stage(300, 20),
    stage(30, 0),
  ],
  thresholds: {
    http_req_failed: ["rate<0.01"],
    checks: ["rate>0.99"],
  },
};

const prompts = [
  "What is the capital of Australia? Answer in one sentence.",
  "Why is the sky blue, and why is it red in the evening?",
  "Write a Python function that says whether a word is a palindrome.",
];

export default function () {
  const prompt = prompts[(__VU + __ITER) % prompts.length];
  const response = http.post(`${host}/generate_text`, JSON.stringify({ prompt }), {
    headers: { "Content-Type": "application/json" },
    timeout: "120s",
  });
  check(response, {
    "status is 200": (r) => r.status === 200,
    "there is no error": (r) => r.json("error") === undefined,
    "there is a response": (r) => String(r.json("response") || "").length > 0,
  });
  sleep(1);
}
