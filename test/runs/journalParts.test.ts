import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as journalParts from "../../src/runs/journalParts.js"
import { folder } from "../history/histories.js"

const line = (id: number) => `{"record_type":"run","revision":"0${String(id).padStart(20, "0")}","event_id":"${id}"}\n`

const reader = (raw: string) => {
  const known = new Map<string, journalParts.Position>()
  return () => {
    const texts: Array<string> = []
    for (let part = journalParts.next(raw, known); part !== undefined; part = journalParts.next(raw, known)) {
      texts.push(...Array.from(journalParts.linesOf(part), ({ text }) => `${text}\n`))
      known.set(part.file, { file: part.file, inode: part.inode, taken: part.end })
    }
    return texts
  }
}

describe("The files of a journal", () => {
  it.scoped("are read from where they were left off, whole lines only", () =>
    Effect.gen(function* () {
      const raw = yield* folder
      const read = reader(raw)
      const file = join(raw, "events_20260131.ndjson")
      appendFileSync(file, line(1) + line(2).slice(0, 10))
      assert.deepStrictEqual(read(), [line(1)])
      assert.deepStrictEqual(read(), [])
      appendFileSync(file, line(2).slice(10))
      writeFileSync(join(raw, "events_20260130.ndjson"), line(0))
      writeFileSync(join(raw, "notes.txt"), line(9))
      assert.deepStrictEqual(read(), [line(0), line(2)])
      assert.deepStrictEqual(read(), [])
    })
  )

  it.scoped("are read anew when one was deleted and made again, of the same length and with the same inode", () =>
    Effect.gen(function* () {
      const raw = yield* folder
      const read = reader(raw)
      const file = join(raw, "events_20260131.ndjson")
      for (const id of [1, 2, 3, 4]) {
        writeFileSync(file, line(id))
        assert.deepStrictEqual(read(), [line(id)])
        rmSync(file)
      }
      mkdirSync(file)
      assert.deepStrictEqual(read(), [])
    })
  )

  it.scoped("are read whole where a line is longer than what is read at a time", () =>
    Effect.gen(function* () {
      const raw = yield* folder
      const long = `{"text":"${"x".repeat(700_000)}"}\n`
      writeFileSync(join(raw, "events_20260131.ndjson"), line(1) + long + line(2))
      assert.deepStrictEqual(reader(raw)(), [line(1), long, line(2)])
    })
  )
})
