/**
 * A page as HTML: one file that needs nothing else. Its data is JSON that cannot end its own block, its script and style
 * are the only ones that its policy lets run, and without scripts it still says what happened.
 */
import * as terminalText from "../../plain/terminalText.js"
import * as assets from "./assets.js"
import type { IndexData, ReportData, StoryCard } from "./pageData.js"

/**
 * JSON for a `<script type="application/json">` block. No `<` is left in it, so neither `</script` nor `<!--` can be.
 */
export const embedded = (json: string): string => json.replaceAll("<", "\\u003c")

/** The page of one or more stories. `stories` is the JSON of each, newest first. */
export const report = (
  data: Omit<ReportData, "page" | "stories"> & { readonly stories: ReadonlyArray<string> },
  cards: ReadonlyArray<StoryCard>
): string => {
  const { stories, ...rest } = data
  const head = JSON.stringify({ page: "report", ...rest }).slice(0, -1)
  const [first] = cards
  return page({
    title: data.title ?? (first === undefined ? "Narrative report" : `${first.name} – ${statusText(first)}`),
    status: cards.find(({ status }) => status === "failed")?.status ?? first?.status ?? "success",
    card: cards.length === 1 ? first : undefined,
    cards,
    json: `${head},"stories":[${stories.join(",")}]}`
  })
}

/** The page that leads to the others. */
export const index = (data: IndexData): string =>
  page({
    title: data.title ?? "Narrative reports",
    status: data.entries[0]?.status ?? "success",
    card: undefined,
    cards: data.entries,
    json: JSON.stringify(data)
  })

interface Page {
  readonly title: string
  readonly status: StoryCard["status"]
  /** What an index may read of the page. */
  readonly card: StoryCard | undefined
  readonly cards: ReadonlyArray<StoryCard>
  readonly json: string
}

const policy = [
  "default-src 'none'",
  `script-src '${assets.scriptHash}'`,
  `style-src '${assets.styleHash}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ")

const page = ({ card, cards, json, status, title }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
${card === undefined ? "" : `<meta name="${cardName}" content="${escapeHtml(JSON.stringify(card))}">\n`}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${shown(title)}</title>
<link rel="icon" href="${icon(status)}">
<style>${assets.style}</style>
</head>
<body>
<noscript>
<h1>${shown(title)}</h1>
${cards.map(withoutScript).join("\n")}
</noscript>
<div id="page"></div>
<script type="application/json" id="data">${embedded(json)}</script>
<script>${assets.script}</script>
</body>
</html>
`

const withoutScript = (card: StoryCard & { readonly file?: string }): string => {
  const duration = card.seconds === null ? "" : `, ${card.seconds.toFixed(3)} s`
  const name = card.file === undefined ? shown(card.name) : `<a href="${encodeURI(card.file)}">${shown(card.name)}</a>`
  const started = new Date(card.startedAt).toISOString()
  const line = `<p><strong>${name}</strong>: ${statusText(card)}${duration}, started ${started}</p>`
  return card.error === null ? line : `${line}\n<pre>${shown(card.error)}</pre>`
}

const statusText = (card: StoryCard): string => (card.unfinished === true ? "unfinished" : card.status)

const colours: { readonly [status in StoryCard["status"]]: string } = {
  success: "16a34a",
  failed: "dc2626",
  timeout: "dc2626",
  cancelled: "78716c",
  partial: "d97706",
  running: "2563eb"
}

/** A dot in the colour of the status, in the tab. */
const icon = (status: StoryCard["status"]): string =>
  `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%23${colours[status]}'/%3E%3C/svg%3E`

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

/** A program's text: what could hide or reorder it is shown as its escape. */
const shown = (text: string): string => escapeHtml(terminalText.line(text))

const cardName = "narrative-story"
const cardPattern = new RegExp(`<meta name="${cardName}" content="([^"]*)">`)

/** How many bytes of a page have to be read for {@link cardOf}. */
export const cardWithin = 8_192

/** The card of a page, from its beginning. `undefined` if it is none of ours. */
export const cardOf = (beginning: string): StoryCard | undefined => {
  const content = cardPattern.exec(beginning)?.[1]
  if (content === undefined) return undefined
  const text = content.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters[entity] ?? "")
  try {
    const card: unknown = JSON.parse(text)
    return isCard(card) ? card : undefined
  } catch {
    return undefined
  }
}

const characters: { readonly [entity: string]: string } = Object.fromEntries(
  Object.entries(entities).map(([character, entity]) => [entity, character])
)

const statuses: ReadonlyArray<unknown> = Object.keys(colours)

const isCard = (value: unknown): value is StoryCard => {
  if (typeof value !== "object" || value === null) return false
  const card: { readonly [name: string]: unknown } = { ...value }
  return (
    typeof card["id"] === "string" &&
    typeof card["name"] === "string" &&
    statuses.includes(card["status"]) &&
    typeof card["startedAt"] === "number" &&
    (card["seconds"] === null || typeof card["seconds"] === "number") &&
    (card["outcome"] === null || typeof card["outcome"] === "string") &&
    (card["error"] === null || typeof card["error"] === "string") &&
    typeof card["stages"] === "number"
  )
}
