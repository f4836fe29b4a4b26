/**
 * Server-sent events out of a text that arrives in parts: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Cuts what arrives into events. What has not arrived whole is kept for the next part. */
export class EventParser {
  #rest = ""

  take(text: string): ReadonlyArray<ServerEvent> {
    // A line may end with either, and the two may arrive apart.
    const all = `${this.#rest}${text}`.replaceAll(/\r\n|\r(?!$)/g, "\n")
    const blocks = all.split("\n\n")
    this.#rest = blocks.pop() ?? ""
    return blocks.flatMap(eventOf)
  }
}

const eventOf = (block: string): ReadonlyArray<ServerEvent> => {
  const fields: { [name: string]: string } = {}
  const data: Array<string> = []
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (name === "data") data.push(value)
    else if (name !== "") fields[name] = value
  }
  return data.length === 0
    ? []
    : [{ id: fields["id"] ?? "", event: fields["event"] ?? "message", data: data.join("\n") }]
}
