/**
 * Standing between a program and a stream it writes to, without leaving a trace afterwards.
 */

type Write = NodeJS.WritableStream["write"]

/** Called in place of each write, which `write` carries out as it was meant. */
export type Around = <A>(write: () => A, chunk: unknown) => A

/** Puts `around` around each write to the stream until the function returned is called. */
export const intercept = (stream: NodeJS.WritableStream, around: Around): (() => void) => {
  const original = stream.write
  const own = Object.getOwnPropertyDescriptor(stream, "write")
  let isActive = true
  const wrapped = ((...args: Parameters<Write>): boolean => {
    const write = () => original.apply(stream, args)
    return isActive ? around(write, args[0]) : write()
  }) as Write // `Parameters` knows only the last overload; the arguments are handed on as they came.
  stream.write = wrapped
  return () => {
    isActive = false
    // Whoever wrapped `write` after us goes on calling ours, which from now on only hands on.
    if (stream.write !== wrapped) return
    if (own === undefined) Reflect.deleteProperty(stream, "write")
    else Object.defineProperty(stream, "write", own)
  }
}
