/**
 * Puts the script and the style of a page into a module: those of a report into `src/renderer/html/assets.ts`, so that it
 * needs no file but itself, and those of the dashboard into `src/dashboard/assets.ts`.
 *
 *     npm run html
 */
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const folder = fileURLToPath(new URL("../../src/", import.meta.url))

export const assetsFile = `${folder}renderer/html/assets.ts`

export const dashboardFile = `${folder}dashboard/assets.ts`

const bundle = async (entry: string, banner = ""): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [`${folder}web/${entry}`],
    bundle: true,
    charset: "ascii",
    format: "iife",
    legalComments: "none",
    minify: true,
    target: ["chrome110", "firefox115", "safari16.4"],
    write: false
  })
  const text = `${banner}${outputFiles[0]?.text.trim() ?? ""}`
  // Either would end the element that the text is put into.
  if (/<\/(?:script|style)|<!--/i.test(text)) throw new Error(`${entry} holds an end tag or a comment`)
  return text
}

/** What the script holds of others. All have the same licence, which asks for its text in every copy. */
const bundled = ["preact", "@preact/signals", "@preact/signals-core"]

const licences = (): string => {
  const texts = bundled.map((name) => readFileSync(`${folder}../node_modules/${name}/LICENSE`, "utf8").trim())
  const holders = texts.map((text) => /^Copyright .*$/m.exec(text)?.[0])
  const conditions = texts.map((text) => text.replace(/^[\s\S]*?^Copyright .*$/m, "").trim())
  const [condition] = new Set(conditions)
  if (new Set(conditions).size !== 1) throw new Error(`${bundled.join(", ")} have different licences`)
  const names = bundled.map((name, i) => `${name}: ${holders[i]}`).join("; ")
  return `/*! ${names}. ${condition?.replace(/\s+/g, " ")} */`
}

const digest = (text: string) => createHash("sha256").update(text)

const hashOf = (text: string): string => `sha256-${digest(text).digest("base64")}`

/** The text of {@link assetsFile}. */
export const assets = async (): Promise<string> => {
  const [script, style] = await Promise.all([bundle("report/main.tsx", licences()), bundle("report/style/report.css")])
  return `/**
 * The script and the style of a page, and their hashes for its policy. Made from \`web/report\` by \`npm run html\`.
 */
export const script = ${JSON.stringify(script)}

export const style = ${JSON.stringify(style)}

export const scriptHash = ${JSON.stringify(hashOf(script))}

export const styleHash = ${JSON.stringify(hashOf(style))}
`
}

const fileName = (text: string, ending: string): string =>
  `dashboard-${digest(text).digest("hex").slice(0, 16)}.${ending}`

/** The text of {@link dashboardFile}. */
export const dashboardAssets = async (): Promise<string> => {
  const [script, style] = await Promise.all([
    bundle("dashboard/main.tsx", licences()),
    bundle("dashboard/style/dashboard.css")
  ])
  return `/**
 * The script and the style of the dashboard, and their names on the server. Made from \`web/dashboard\` by \`npm run html\`.
 */
export const script = ${JSON.stringify(script)}

export const style = ${JSON.stringify(style)}

export const scriptName = ${JSON.stringify(fileName(script, "js"))}

export const styleName = ${JSON.stringify(fileName(style, "css"))}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(assetsFile, await assets())
  writeFileSync(dashboardFile, await dashboardAssets())
}
