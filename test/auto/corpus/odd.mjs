export function named(a) {
  return a * (this?.by ?? 1)
}
export const sourceOfNamed = "function named(a) {\n  return a * (this?.by ?? 1)\n}"
export class Parent {
  #value
  constructor(value) {
    this.#value = value
  }
  get value() {
    return this.#value
  }
  double() {
    return this.value * 2
  }
}
export class Child extends Parent {
  double() {
    return super.double() + 1
  }
}
export function Legacy(value) {
  this.value = value
}
export function* generator() {
  yield 1
  yield 2
}
export async function later(value) {
  await null
  return value
}
export const thrown = new RangeError("thrown")
export function fails() {
  thrown.stack = new Error("here").stack
  throw thrown
}
export const topLevel = await Promise.resolve("awaited")
export * from "./live.mjs"
export { named as again }
