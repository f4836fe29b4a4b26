/**
 * The floor plan of `docs/architecture.md`, held by what the sources import. Type imports count.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../src/", import.meta.url))

/** From the ground up. What a room imports is on its own floor or below. */
const floors: ReadonlyArray<ReadonlyArray<string>> = [
  ["plain", "runtime", "outbound", "database"],
  ["event", "file"],
  ["cause", "redaction", "delivery"],
  ["history", "runs", "metrics", "agent", "testing"],
  ["diagnostics", "renderer", "tracing", "server"],
  ["analysis", "otel", "cli", "web/kit", "web/report", "web/dashboard", "dashboard"],
  ["narration"],
  ["Narrative.ts", "Work.ts", "Instrument.ts", "Run.ts", "spans"],
  ["index.ts", "instrument", "runs.ts", "promise", "integration", "auto"]
]

/** The only files that may reach into what Effect's runtime does not export. */
const mayReachInside = /^(?:runtime\/fiberInternals\.ts$|diagnostics\/locals\/)/

/** What only those may name: fields of a fiber and slots of Effect that its types do not have. */
const inside = /\b_fiberRefs\b|\bsetFiberRefs\b|"effect\/Tracer\/spanToTrace"|"effect\/dist\//

interface Import {
  readonly from: string
  readonly to: string
}

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : /\.tsx?$/.test(entry.name) ? [path] : []
  })

const files = filesIn("")

const known = new Set(files)

/** Every relative path that a file imports, statically or when it is needed, as a value or as a type. */
const importsOf = (from: string): ReadonlyArray<Import> => {
  const text = readFileSync(join(root, from), "utf8").replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "")
  const specifiers = text.matchAll(/(?:\bfrom\s|\bimport\s?\(|\bimport\s)\s*"(\.[^"]+)"/g)
  return Array.from(specifiers, ([, specifier = ""]) => {
    const path = posix.join(dirname(from), specifier)
    const to = [path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx"), path].find((file) => known.has(file))
    return to === undefined ? [] : [{ from, to }]
  }).flat()
}

const imports = files.flatMap(importsOf)

const roomOf = (file: string): string => {
  const [first = "", second = ""] = file.split("/")
  return first === "web" ? `${first}/${second}` : first
}

const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(file)))

/** The first circle among some arrows, as the way around it. */
const circleIn = (arrows: ReadonlyArray<Import>): ReadonlyArray<string> | undefined => {
  const next = new Map<string, Array<Import>>()
  for (const arrow of arrows) next.set(arrow.from, [...(next.get(arrow.from) ?? []), arrow])
  const done = new Set<string>()
  const walk = (place: string, way: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (way.includes(place)) return [...way.slice(way.indexOf(place)), place]
    if (done.has(place)) return undefined
    for (const { to } of next.get(place) ?? []) {
      const circle = walk(to, [...way, place])
      if (circle !== undefined) return circle
    }
    done.add(place)
    return undefined
  }
  for (const place of next.keys()) {
    const circle = walk(place, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

const listed = (lines: ReadonlyArray<string>): string => lines.map((line) => `\n  ${line}`).join("")

describe("The floor plan", () => {
  it("gives every source file a room on a floor", () => {
    const homeless = files.filter((file) => floorOf(file) < 0)
    assert.deepStrictEqual(homeless, [], `No floor has the room of:${listed(homeless)}`)
  })

  it("lets no room import from a floor above it", () => {
    const upwards = imports.filter(({ from, to }) => floorOf(to) > floorOf(from))
    const lines = upwards.map(
      ({ from, to }) => `${from} (floor ${floorOf(from) + 1}) imports ${to} (floor ${floorOf(to) + 1})`
    )
    assert.deepStrictEqual(lines, [], `These imports run upwards:${listed(lines)}`)
  })

  it("has no circle between rooms", () => {
    const arrows = imports
      .map(({ from, to }) => ({ from: roomOf(from), to: roomOf(to) }))
      .filter(({ from, to }) => from !== to)
    const circle = circleIn(arrows)
    const lines = (circle ?? []).flatMap((room, i) =>
      imports
        .filter(({ from, to }) => roomOf(from) === room && roomOf(to) === circle?.[i + 1])
        .map(({ from, to }) => `${from} imports ${to}`)
    )
    assert.isUndefined(circle, `These imports make a circle between rooms:${listed(lines)}`)
  })

  it("has no circle between files", () => {
    const circle = circleIn(imports)
    assert.isUndefined(circle, `These files import each other in a circle: ${circle?.join(" -> ")}`)
  })

  it("has no room called internal, utils or common", () => {
    const wrong = files.filter((file) => /(?:^|\/)(?:internal|utils|common|helpers|misc|shared)\//.test(file))
    assert.deepStrictEqual(wrong, [], `What is the subject of:${listed(wrong)}`)
  })

  it("keeps what Effect does not export in one file, and in what reads locals", () => {
    const wrong = files.filter(
      (file) => !mayReachInside.test(file) && inside.test(readFileSync(join(root, file), "utf8"))
    )
    assert.deepStrictEqual(wrong, [], `These reach into Effect's runtime:${listed(wrong)}`)
  })
})
