/**
 * The page of the dashboard and what belongs to it, as a server answers with them. They are texts of this module: no file is
 * read, so no path leads to one.
 */
import { gzipSync } from "node:zlib"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Pages } from "../server/pages.js"
import * as assets from "./assets.js"

/** The views of the page, which are the first parts of its addresses. */
const views = ["runs", "stories", "failures", "live", "compare", "analytics"]

/** An address of the page: `/`, a view, or something that a view shows. */
const addresses = new RegExp(`^/(?:(?:${views.join("|")})(?:/[^/]{1,2000})?)?$`)

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ")

const safety = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

interface Page {
  readonly type: string
  readonly text: string
  readonly cache: string
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="none" stroke-width="3"><path stroke="#7d93e6" d="M1 3.5h9"/><path stroke="#8f6fc4" d="M4 8h9"/><path stroke="#d9443c" d="M9 12.5h6"/></g></svg>`

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>narrative</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/${assets.styleName}">
<script src="/assets/${assets.scriptName}" defer></script>
</head>
<body>
<noscript>The dashboard needs JavaScript. The API at /api/v1 does not.</noscript>
<div id="page"></div>
</body>
</html>
`

// The name of a text changes with the text.
const forever = "public, max-age=31536000, immutable"

const document: Page = { type: "text/html; charset=utf-8", text: html, cache: "no-cache" }

const files: ReadonlyMap<string, Page> = new Map([
  [`/assets/${assets.scriptName}`, { type: "text/javascript; charset=utf-8", text: assets.script, cache: forever }],
  [`/assets/${assets.styleName}`, { type: "text/css; charset=utf-8", text: assets.style, cache: forever }],
  ["/assets/icon.svg", { type: "image/svg+xml", text: icon, cache: "max-age=86400" }]
])

const pageAt = (path: string): Page | undefined => files.get(path) ?? (addresses.test(path) ? document : undefined)

const compressed = new WeakMap<Page, Uint8Array>()

const compress = (page: Page): Uint8Array => {
  const known = compressed.get(page) ?? gzipSync(page.text)
  compressed.set(page, known)
  return known
}

/** @internal */
export const pages: Pages = {
  at: (path, acceptEncoding) => {
    const page = pageAt(path)
    if (page === undefined) return undefined
    const headers = { ...safety, "cache-control": page.cache, vary: "accept-encoding" }
    return /\bgzip\b/.test(acceptEncoding)
      ? HttpServerResponse.uint8Array(compress(page), {
          contentType: page.type,
          headers: { ...headers, "content-encoding": "gzip" }
        })
      : HttpServerResponse.text(page.text, { contentType: page.type, headers })
  }
}
