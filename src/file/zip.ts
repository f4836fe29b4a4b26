/**
 * A ZIP archive as a stream: each entry is compressed as it comes, and its size is written after it, so that no entry is
 * ever in memory as a whole (APPNOTE.TXT 4.3.9).
 */
import { constants, crc32, deflateRaw } from "node:zlib"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

export interface Entry<E> {
  readonly name: string
  readonly content: Stream.Stream<string, E>
}

/** Sizes after the data, and names in UTF-8. */
const flags = 0x0808
const deflated = 8
const version = 20
/** 1 January 1980, the first day that the format has: the same content is the same archive. */
const day = 0x0021
/** The end of compressed data: a last block without anything in it. */
const lastBlock = Uint8Array.of(3, 0)

export const zip = <E>(entries: ReadonlyArray<Entry<E>>): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    const records: Array<Buffer> = []
    let written = 0
    const counted = (bytes: Uint8Array): Uint8Array => {
      written += bytes.length
      return bytes
    }
    const all = Stream.flatMap(Stream.fromIterable(entries), (entry) => streamOf(entry, () => written, records))
    return Stream.concat(
      Stream.map(all, counted),
      Stream.sync(() => Buffer.concat([...records, endOf(records, written)]))
    )
  })

const streamOf = <E>(
  { content, name }: Entry<E>,
  written: () => number,
  records: Array<Buffer>
): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    const at = written()
    let sum = 0
    let size = 0
    let packed = 0
    const body = Stream.mapEffect(content, (text) => {
      const bytes = Buffer.from(text)
      sum = crc32(bytes, sum)
      size += bytes.length
      return Effect.tap(compressed(bytes), ({ length }) => {
        packed += length
      })
    })
    const end = Stream.sync(() => {
      const sizes = { sum, size, packed: packed + lastBlock.length }
      records.push(recordOf(name, at, sizes))
      return Buffer.concat([lastBlock, numbers([4, 0x08074b50], [4, sum], [4, sizes.packed], [4, size])])
    })
    return Stream.make<[Uint8Array]>(headerOf(name)).pipe(Stream.concat(body), Stream.concat(end))
  })

/** A part of compressed data, which others come after. */
const compressed = (bytes: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.async((resume) =>
    deflateRaw(bytes, { finishFlush: constants.Z_SYNC_FLUSH, level: 6 }, (error, result) =>
      // Only a wrong option can make it fail.
      resume(error === null ? Effect.succeed(result) : Effect.die(error))
    )
  )

const headerOf = (name: string): Buffer => {
  const bytes = Buffer.from(name)
  return Buffer.concat([
    numbers([4, 0x04034b50], [2, version], [2, flags], [2, deflated], [2, 0], [2, day], [4, 0], [4, 0], [4, 0]),
    numbers([2, bytes.length], [2, 0]),
    bytes
  ])
}

interface Sizes {
  readonly sum: number
  readonly size: number
  readonly packed: number
}

const recordOf = (name: string, at: number, { packed, size, sum }: Sizes): Buffer => {
  const bytes = Buffer.from(name)
  return Buffer.concat([
    numbers([4, 0x02014b50], [2, version], [2, version], [2, flags], [2, deflated], [2, 0], [2, day]),
    numbers([4, sum], [4, packed], [4, size], [2, bytes.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, at]),
    bytes
  ])
}

const endOf = (records: ReadonlyArray<Buffer>, at: number): Buffer => {
  const size = records.reduce((sum, { length }) => sum + length, 0)
  return numbers([4, 0x06054b50], [2, 0], [2, 0], [2, records.length], [2, records.length], [4, size], [4, at], [2, 0])
}

/** Numbers of so many bytes, the least of them first. */
const numbers = (...all: ReadonlyArray<readonly [bytes: 2 | 4, value: number]>): Buffer => {
  const buffer = Buffer.alloc(all.reduce((sum, [bytes]) => sum + bytes, 0))
  let at = 0
  for (const [bytes, value] of all) at = buffer.writeUIntLE(value, at, bytes)
  return buffer
}
