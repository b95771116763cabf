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
          <Picture name={file.name} address={file.image} thumbnail={file.thumbnail ?? file.image} />
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

function Picture({ name, address, thumbnail }: { name: string; address: string; thumbnail: string }): JSX.Element {
  return (
    <a class="chat-picture" href={apiUrl(address, {})} target="_blank" rel="noopener noreferrer" title={name}>
      <img src={apiUrl(thumbnail, {})} alt={name} loading="lazy" />
    </a>
  );
}
