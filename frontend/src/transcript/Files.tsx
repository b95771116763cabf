import type { JSX } from "preact";

import { Icon } from "../shared/Icon";
import { apiUrl } from "./api";
import { formatSize } from "./format";
import type { MessageFile } from "./types";

/** Draw a prompt's files: pictures small, the others by name and size. */
export function Files({ files }: { files: MessageFile[] }): JSX.Element | null {
  if (files.length === 0) return null;
  return (
    <div class="chat-files">
      {files.map((file) =>
        file.image ? (
          <Picture name={file.name} address={file.image} />
        ) : (
          <span class="chat-file" title={file.name}>
            <Icon name="file" />
            <bdi>{file.name}</bdi>
            <small>{formatSize(file.size)}</small>
          </span>
        ),
      )}
    </div>
  );
}

function Picture({ name, address }: { name: string; address: string }): JSX.Element {
  const url = apiUrl(address, {});
  return (
    <a class="chat-picture" href={url} target="_blank" rel="noopener noreferrer" title={name}>
      <img src={url} alt={name} loading="lazy" />
    </a>
  );
}
