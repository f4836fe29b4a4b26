/**
 * Files that the server makes, fetched with the page's token and kept by the browser.
 */
import { type Request, request } from "./api.js"

export interface Downloaded {
  readonly name: string
  readonly bytes: number
}

/** Fetches a file and hands it to the user. `onBytes` has what came by then. */
export const download = async (path: string, given: Request, onBytes: (bytes: number) => void): Promise<Downloaded> => {
  const response = await request(path, given)
  const parts: Array<BlobPart> = []
  let bytes = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    parts.push(part.value)
    bytes += part.value.length
    onBytes(bytes)
  }
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "download"
  const url = URL.createObjectURL(new Blob(parts, { type: response.headers.get("content-type") ?? "" }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // The browser has begun to keep it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  return { name, bytes }
}

export const size = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
