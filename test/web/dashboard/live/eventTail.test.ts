import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { EventParser, type ServerEvent } from "../../../../src/web/dashboard/live/eventParser.js"
import { EventTail } from "../../../../src/web/dashboard/live/eventTail.js"

const written = ({ data, event, id }: ServerEvent, end: string): string =>
  [`id: ${id}`, `event: ${event}`, ...data.split("\n").map((line) => `data: ${line}`), "", ""].join(end)

const sent = fc.record({
  id: fc.integer({ min: 1, max: 1_000 }).map(String),
  event: fc.constantFrom("StageStarted", "message"),
  data: fc.string({ minLength: 1, unit: "grapheme-ascii" }).map((text) => JSON.stringify(text))
})

describe("server-sent events", () => {
  it.prop(
    "are read whole, wherever what arrives is cut, whatever ends its lines",
    [fc.array(sent), fc.array(fc.nat(), { maxLength: 20 }), fc.constantFrom("\n", "\r\n")],
    ([events, cuts, end]) => {
      const text = events.map((event) => written(event, end)).join("")
      const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
      const parser = new EventParser()
      const read = [...places, text.length].flatMap((to, i) => parser.take(text.slice(places[i - 1] ?? 0, to)))
      assert.deepStrictEqual(read, events)
    }
  )

  it("may have several lines of data, and comments between them", () => {
    const parser = new EventParser()
    assert.deepStrictEqual(parser.take(": heartbeat\n\nid: 7\ndata: a\ndata: b\n\n"), [
      { id: "7", event: "message", data: "a\nb" }
    ])
  })
})

const event = (cursor: number): ServerEvent => ({
  id: String(cursor),
  event: "StageStarted",
  data: JSON.stringify({ cursor })
})

const cursors = (tail: EventTail): ReadonlyArray<number> => tail.events.value.map(({ cursor }) => cursor)

describe("the tail of events", () => {
  it.prop(
    "has each event once, however often connections are lost",
    [fc.array(fc.integer({ min: 0, max: 5 }))],
    (backs) => {
      const tail = new EventTail()
      let next = 1
      for (const back of backs.flat()) {
        // A connection that is taken up again may send some of what was there before.
        for (let at = Math.max(1, next - back); at <= next; at += 1) tail.take(event(at))
        next += 1
      }
      assert.deepStrictEqual(
        cursors(tail),
        Array.from({ length: next - 1 }, (_, i) => next - 1 - i)
      )
    }
  )

  it("shows nothing new while it is paused, and all of it afterwards", () => {
    const tail = new EventTail()
    tail.take(event(1))
    tail.pause()
    tail.take(event(2))
    tail.take(event(3))
    assert.deepStrictEqual(cursors(tail), [1])
    assert.strictEqual(tail.waiting.value, 2)
    tail.resume()
    assert.deepStrictEqual(cursors(tail), [3, 2, 1])
    assert.strictEqual(tail.waiting.value, 0)
  })

  it("keeps the last events, and counts those that came while it was paused", () => {
    const tail = new EventTail()
    tail.pause()
    for (let cursor = 1; cursor <= 700; cursor += 1) tail.take(event(cursor))
    assert.strictEqual(tail.waiting.value, 700)
    tail.resume()
    assert.lengthOf(tail.events.value, 500)
    assert.strictEqual(tail.events.value[0]?.cursor, 700)
  })
})
