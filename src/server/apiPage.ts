/**
 * The API described: as OpenAPI, and as a page that needs no script and loads nothing.
 */
import { createHash } from "node:crypto"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { json } from "./answers.js"
import { api } from "./RunApi.js"

type Schema = Readonly<Record<string, unknown>>

let made: { readonly specification: OpenApi.OpenAPISpec; readonly page: string } | undefined

/** Made when it is first asked for. */
const described = () => {
  if (made !== undefined) return made
  const specification = OpenApi.fromApi(api)
  made = { specification, page: pageOf(specification) }
  return made
}

/** `/openapi.json` and `/docs`. */
export const at = (path: string): HttpServerResponse.HttpServerResponse | undefined => {
  if (path === "/openapi.json") return json(described().specification)
  if (path !== "/docs") return undefined
  return HttpServerResponse.text(described().page, {
    contentType: "text/html; charset=utf-8",
    headers: {
      "content-security-policy": `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff"
    }
  })
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #343842); --soft: light-dark(#f5f6f9, #1c1f26); --quiet: light-dark(#5a6070, #a3a9b8) }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #14161b); color: light-dark(#1b1e26, #e6e8ee) }
h1 { font-size: 1.5rem } h2 { margin: 2.5rem 0 .25rem; font-size: 1.15rem; text-transform: capitalize }
p { margin: .25rem 0 1rem; color: var(--quiet) }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0 }
summary { padding: .5rem .75rem; cursor: pointer; overflow-wrap: anywhere }
details > div { padding: 0 .75rem .75rem }
code, pre, .method { font: 13px/1.5 ui-monospace, monospace }
pre { background: var(--soft); padding: .75rem; border-radius: 6px; overflow: auto; max-height: 26rem; margin: .25rem 0 .75rem }
.method { display: inline-block; min-width: 3.5rem; font-weight: 700 }
.what { display: block; color: var(--quiet) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line) }
h3 { margin: .75rem 0 .25rem; font-size: .9rem }
`

const styleHash = `sha256-${createHash("sha256").update(style).digest("base64")}`

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? "")

const pageOf = ({ components, info, paths, tags = [] }: OpenApi.OpenAPISpec): string => {
  const schemas = components.schemas
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation }))
  )
  const sections = tags.map(({ description = "", name }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name))
    const shown = own.map(({ method, operation, path }) => operationOf(method, path, operation, schemas))
    return `<section><h2>${escaped(name)}</h2><p>${escaped(description)}</p>${shown.join("")}</section>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HTTP API: ${escaped(info.title)}</title>
<style>${style}</style>
</head>
<body>
<h1>HTTP API</h1>
<p>${escaped(info.description ?? "")} The same as <a href="/openapi.json">OpenAPI</a>. A server with a token takes it as <code>Authorization: Bearer …</code>. What is refused has a <code>detail</code>: a text, or what is wrong with each field.</p>
${sections.join("\n")}
</body>
</html>
`
}

const operationOf = (
  method: string,
  path: string,
  operation: OpenApi.OpenAPISpecOperation,
  schemas: Readonly<Record<string, unknown>>
): string => {
  const { parameters = [], requestBody, responses = {}, summary = "" } = operation
  const rows = parameters.map(({ description, name, required, schema }) => {
    const said = description ?? text(schema, "description")
    return `<tr><td><code>${escaped(name)}</code></td><td>${required ? "required" : ""}</td><td>${escaped(said)}</td></tr>`
  })
  const body = Object.values(requestBody?.content ?? {})[0]
  const answers = Object.entries(responses).map(([status, { content, description }]) => {
    const type = Object.keys(content ?? {})[0]
    const answer = type === undefined ? undefined : content?.[type as keyof typeof content]
    const isShown = Number(status) < 300 && type === "application/json" && answer !== undefined
    const shape = isShown ? pre(shapeOf(answer.schema, schemas, 0)) : ""
    return `<tr><td><code>${escaped(status)}</code></td><td>${escaped(type ?? "")}</td><td>${escaped(description)}${shape}</td></tr>`
  })
  return `<details><summary><span class="method">${escaped(method.toUpperCase())}</span> <code>${escaped(path)}</code><span class="what">${escaped(summary)}</span></summary><div>${
    rows.length === 0 ? "" : `<h3>Parameters</h3><table>${rows.join("")}</table>`
  }${body === undefined ? "" : `<h3>Body</h3>${pre(shapeOf(body.schema, schemas, 0))}`}<h3>Answers</h3><table>${answers.join("")}</table></div></details>`
}

const pre = (shape: string): string => `<pre>${escaped(shape)}</pre>`

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null

const text = (schema: unknown, name: string): string => {
  const found = isSchema(schema) ? schema[name] : undefined
  return typeof found === "string" ? found : ""
}

/** Deeper parts are named only. */
const deepest = 4

/** A Schema as one reads a type. */
const shapeOf = (schema: unknown, all: Readonly<Record<string, unknown>>, depth: number): string => {
  if (!isSchema(schema)) return "any"
  const reference = text(schema, "$ref").split("/").at(-1)
  if (reference !== undefined && reference !== "") {
    return depth >= deepest ? reference : shapeOf(all[reference], all, depth)
  }
  const alternatives = schema["anyOf"] ?? schema["oneOf"]
  if (Array.isArray(alternatives)) return alternatives.map((one) => shapeOf(one, all, depth)).join(" | ")
  if (Array.isArray(schema["enum"])) return schema["enum"].map((one) => JSON.stringify(one)).join(" | ")
  if (schema["type"] === "array") return `Array<${shapeOf(schema["items"], all, depth)}>`
  if (!isSchema(schema["properties"])) return text(schema, "type") || "any"
  if (depth >= deepest) return "{ … }"
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  const indent = "  ".repeat(depth + 1)
  const lines = Object.entries(schema["properties"]).map(
    ([name, member]) => `${indent}${name}${required.includes(name) ? "" : "?"}: ${shapeOf(member, all, depth + 1)}`
  )
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}`
}
