/**
 * Messages of Protocol Buffers, written one behind the other into one buffer that grows:
 * https://protobuf.dev/programming-guides/encoding/
 *
 * It knows the fields 1 to 15, whose tags are one byte.
 */
export class ProtobufWriter {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  /** A buffer of so many bytes to begin with. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** All that was written, without a copy. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  /** A whole number of 64 bits, negative ones included. */
  int(field: number, value: number | bigint): void {
    this.#tag(field, wire.varint, 10)
    if (typeof value === "number") this.#varint(value)
    else this.#varint64(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)))
  }

  bool(field: number, value: boolean): void {
    this.int(field, value ? 1 : 0)
  }

  double(field: number, value: number): void {
    this.#tag(field, wire.fixed64, 8)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, wire.fixed32, 4)
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
  }

  /** A whole number that takes 64 bits whatever it is, given in decimal digits. */
  fixed64(field: number, digits: string): void {
    this.#tag(field, wire.fixed64, 8)
    this.#view.setBigUint64(this.#at, BigInt(digits), true)
    this.#at += 8
  }

  /** In UTF-8; a lone surrogate becomes U+FFFD. */
  text(field: number, value: string): void {
    this.#tag(field, wire.lengthDelimited, 5 + value.length * 3)
    const reserved = sizeOf(value.length)
    const start = this.#open(reserved)
    this.#utf8(value)
    this.#close(start, reserved)
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, wire.lengthDelimited, 5 + value.length)
    this.#varint(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** Bytes that are given in hexadecimal digits. */
  hex(field: number, digits: string): void {
    const length = digits.length >>> 1
    this.#tag(field, wire.lengthDelimited, 5 + length)
    this.#varint(length)
    for (let i = 0; i < length; i++) {
      this.#bytes[this.#at++] = (nibble(digits.charCodeAt(2 * i)) << 4) | nibble(digits.charCodeAt(2 * i + 1))
    }
  }

  message<A>(field: number, value: A, write: (to: ProtobufWriter, value: A) => void): void {
    this.#tag(field, wire.lengthDelimited, 5)
    const start = this.#open(1)
    write(this, value)
    this.#close(start, 1)
  }

  messages<A>(field: number, values: ReadonlyArray<A>, write: (to: ProtobufWriter, value: A) => void): void {
    for (const value of values) this.message(field, value, write)
  }

  /** Begins a field, with room for so many bytes behind the tag. */
  #tag(field: number, type: number, room: number): void {
    this.#room(1 + room)
    this.#bytes[this.#at++] = (field << 3) | type
  }

  /** Leaves out bytes for a length that is known at the end only. */
  #open(reserved: number): number {
    const start = this.#at
    this.#at += reserved
    return start
  }

  #close(start: number, reserved: number): void {
    const length = this.#at - start - reserved
    const size = sizeOf(length)
    if (size !== reserved) {
      this.#room(size)
      this.#bytes.copyWithin(start + size, start + reserved, this.#at)
    }
    this.#at = start
    this.#varint(length)
    this.#at += length
  }

  #varint(value: number): void {
    // Both are exact, modulo 64 bits: a double is divided by a power of two without loss.
    this.#varint64(value >>> 0, Math.floor(value / 2 ** 32) >>> 0)
  }

  /** The halves of 64 bits. */
  #varint64(lower: number, upper: number): void {
    let low = lower
    let high = upper
    while (high > 0 || low > 0x7f) {
      this.#bytes[this.#at++] = (low & 0x7f) | 0x80
      low = ((high << 25) | (low >>> 7)) >>> 0
      high >>>= 7
    }
    this.#bytes[this.#at++] = low
  }

  #utf8(text: string): void {
    let at = this.#at
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      // Calling the encoder costs more than a short text of ASCII does here.
      if (unit > 0x7f || i > 64) {
        this.#at = at + encoder.encodeInto(text.slice(i), this.#bytes.subarray(at)).written
        return
      }
      this.#bytes[at++] = unit
    }
    this.#at = at
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.written)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

const wire = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const

const encoder = new TextEncoder()

/** How many bytes a length takes. */
const sizeOf = (length: number): number => {
  let size = 1
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) size += 1
  return size
}

/** The value of a hexadecimal digit; 0 of anything else. */
const nibble = (unit: number): number => {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 0
}
