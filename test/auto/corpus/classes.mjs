const $n = "a name that the hook would use"
class Base {
  who() {
    return "base"
  }
}
const mixin = (Parent) =>
  class extends Parent {
    mixed() {
      return `${this.who()} mixed`
    }
  }
class Mixed extends mixin(Base) {
  static made = 0
  static {
    Mixed.made += 1
  }
  get double() {
    return this.mixed() + this.mixed()
  }
  *letters() {
    yield* "ab"
  }
  async later() {
    await null
    return this.who()
  }
}
class Frozen {
  value() {
    return 1
  }
}
Object.freeze(Frozen.prototype)
export default class extends Base {}
export let reassigned = first
function first() {
  return "first"
}
export function second() {
  return "second"
}
export const reassign = () => {
  reassigned = second
}
// Used by their own module, before and after it waits.
const early = new Mixed().mixed()
await null
export const used = [
  early,
  new Mixed().double,
  [...new Mixed().letters()].join(),
  await new Mixed().later(),
  new Frozen().value(),
  $n
]
export { Frozen, Mixed }
