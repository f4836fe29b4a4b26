/**
 * A history may come from elsewhere: whatever is in it, a command shows it or says in one line why it cannot. It is a file, which
 * is what people send each other, and whose cells take any type whatever their column says.
 */
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, FastCheck as fc, Layer } from "effect"
import { processorTimed } from "../fixtures/processorTime.js"
import { folder } from "../history/histories.js"
import {
  forged,
  hostileCells,
  hostileJson,
  hostileTables,
  jsonOf,
  original,
  pathsIn,
  placesIn,
  put,
  replaced
} from "./hostileHistories.js"
import { narrative, plain } from "./library.js"

class Original extends Context.Tag("Original")<Original, Effect.Effect.Success<typeof original>>() {
  static readonly layer = Layer.scoped(Original, original)
}

interface Command {
  readonly args: (id: string) => ReadonlyArray<string>
  readonly columns?: number
  readonly prints: "lines" | "json" | "page"
}

const commands: Readonly<Record<string, Command>> = {
  failures: { args: () => ["failures"], columns: 100, prints: "lines" },
  "failures in a pipe": { args: () => ["failures"], prints: "lines" },
  "failures --json": { args: () => ["failures", "--json"], prints: "json" },
  stories: { args: () => ["stories"], columns: 100, prints: "lines" },
  "stories in a pipe": { args: () => ["stories"], prints: "lines" },
  "stories --json": { args: () => ["stories", "--json"], prints: "json" },
  story: { args: (id) => ["story", id], columns: 100, prints: "lines" },
  "story in a pipe": { args: (id) => ["story", id], prints: "lines" },
  "story --json": { args: (id) => ["story", id, "--json"], prints: "json" },
  stats: { args: () => ["stats"], columns: 100, prints: "lines" },
  "stats in a pipe": { args: () => ["stats"], prints: "lines" },
  "stats --json": { args: () => ["stats", "--json"], prints: "json" },
  tail: { args: () => ["tail", "--no-follow", "--lines", "1000"], columns: 100, prints: "lines" },
  "tail -t in a pipe": { args: () => ["tail", "--no-follow", "--lines", "1000", "-t"], prints: "lines" },
  "tail --json": { args: () => ["tail", "--no-follow", "--lines", "1000", "--json"], prints: "json" },
  report: { args: (id) => ["report", id, "-o", "-"], prints: "page" },
  "prune --dry-run": { args: () => ["prune", "--dry-run", "--keep-days", "1", "--keep-stories", "1"], prints: "lines" },
  prune: { args: () => ["prune", "--keep-days", "1", "--keep-stories", "0"], prints: "lines" }
}

/** What a terminal would obey; a tab separates values. */
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

/** A text of a million characters is shown in a second or two; what goes wrong takes minutes, or for ever. */
const patience = 20_000

const blockOfData = /<script type="application\/json"[^>]*>([\s\S]*?)<\/script>/g

/** Runs the command on the file, and looks at what it printed. */
const isTold = (name: string, file: string, id: string) =>
  Effect.gen(function* () {
    const command = commands[name]
    if (command === undefined) throw new Error(`no command ${name}`)
    const [took, { code, stderr, stdout }] = yield* processorTimed(
      narrative([...command.args(id), "--db", file], command.columns)
    )
    assert.isBelow(took, patience, name)
    assert.include([0, 1], code, `${name}: ${stderr}`)
    assert.notInclude(stderr, "unexpectedly", name)
    assert.isFalse(control.test(stderr.replaceAll("\n", "")), `${name}: ${JSON.stringify(stderr)}`)
    assert.match(stderr, code === 1 ? /^narrative: [^\n]{1,600}\n$/ : /^(No (stories|failures)\.\n)?$/, name)
    if (command.prints === "json") {
      for (const line of stdout.split("\n")) assert.isTrue(line === "" || isJson(line), name)
    }
    if (command.prints !== "page") assert.isFalse(control.test(plain(stdout).replaceAll("\n", "")), name)
    else if (code === 0) {
      const [data, ...others] = Array.from(stdout.matchAll(blockOfData), ([, data = ""]) => data)
      assert.isTrue(isJson(data ?? ""), name)
      assert.lengthOf(others, 0, name)
    }
  })

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** One of so many, whatever number is drawn. */
const oneOf = <A>(all: ReadonlyArray<A>, drawn: number): A => {
  const one = all[drawn % all.length]
  if (one === undefined) throw new Error("there is none")
  return one
}

const drawn = fc.nat(2 ** 31 - 1)

/** What once hung, ran out of memory or of stack, or reached the terminal. */
const known: ReadonlyArray<readonly [table: string, column: string, cell: string, command: string]> = [
  ["stories", "outcome", "very long text of wide characters", "stories"],
  ["stages", "story_name", "JSON records, deeply nested", "stats in a pipe"],
  ["failures", "location", "very many lines", "failures"],
  ["stages", "interruptors", "JSON records, deeply nested", "story"],
  ["failures", "report", "JSON lists, deeply nested", "tail"],
  ["stages", "path", "zero", "tail"],
  ["stages", "name", "what terminals obey", "tail --json"],
  ["stories", "writer_id", "the largest integer", "story"],
  ["stories", "percent", "a date too far", "story --json"],
  ["stories", "key", "the largest integer", "prune"]
]

layer(Original.layer, { timeout: "300 seconds", excludeTestServices: true })(
  "a history that somebody else wrote",
  (it) => {
    it.scoped("is shown, or refused in one line, by every command, whatever is in any of its cells", () =>
      Effect.gen(function* () {
        const { filename, ids } = yield* Original
        const copy = join(yield* folder, "history.db")
        const places = placesIn(filename)
        const tables = Array.from(new Set(places.map(({ table }) => table)))
        const placesOf = (name: string) => places.filter(({ table }) => table === name)
        const documents = places.filter(({ cell }) => jsonOf(cell) !== undefined)
        const law = (write: Parameters<typeof forged>[2], command: string, story: number) =>
          Effect.runPromise(
            Effect.suspend(() => {
              forged(filename, copy, write)
              return isTold(command, copy, oneOf(ids, story))
            })
          )
        const command = fc.constantFrom(...Object.keys(commands))
        const cells = fc.asyncProperty(
          fc.constantFrom(...tables),
          drawn,
          fc.constantFrom(...Object.keys(hostileCells)),
          command,
          drawn,
          (table, place, cell, command, story) =>
            law(put(oneOf(placesOf(table), place), hostileCells[cell]), command, story)
        )
        const withinJson = fc.asyncProperty(
          drawn,
          drawn,
          fc.constantFrom(...Object.keys(hostileJson)),
          command,
          drawn,
          (place, path, json, command, story) => {
            const document = oneOf(documents, place)
            const value = jsonOf(document.cell)
            return law(
              put(document, replaced(value, oneOf(pathsIn(value), path), hostileJson[json] ?? "")),
              command,
              story
            )
          }
        )
        yield* Effect.promise(() => fc.assert(cells, { numRuns: 80, endOnFailure: true }))
        yield* Effect.promise(() => fc.assert(withinJson, { numRuns: 80, endOnFailure: true }))
      })
    )

    for (const [table, column, cell, command] of known) {
      it.scoped(`is shown, or refused in one line, by ${command}, where ${table}.${column} holds ${cell}`, () =>
        Effect.gen(function* () {
          const { filename, ids } = yield* Original
          const copy = join(yield* folder, "history.db")
          for (const place of placesIn(filename)) {
            if (place.table !== table || place.column !== column) continue
            forged(filename, copy, put(place, hostileCells[cell]))
            yield* isTold(command, copy, oneOf(ids, 0))
          }
        })
      )
    }

    for (const [what, sql] of Object.entries(hostileTables)) {
      it.scoped(`is shown, or refused in one line, by every command, where ${what}`, () =>
        Effect.gen(function* () {
          const { filename, ids } = yield* Original
          const copy = join(yield* folder, "history.db")
          forged(filename, copy, (database) => database.exec(sql))
          for (const command of Object.keys(commands)) {
            yield* isTold(command, copy, oneOf(ids, 0))
          }
        })
      )
    }
  }
)
