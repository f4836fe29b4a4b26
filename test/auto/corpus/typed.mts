interface Priced {
  readonly cents: number
}
export function sum(...items: ReadonlyArray<Priced>): number {
  return items.reduce((total: number, { cents }: Priced) => total + cents, 0)
}
export class Till {
  readonly #items: Array<Priced> = []
  add(item: Priced): this {
    this.#items.push(item)
    return this
  }
  total(): number {
    return sum(...this.#items)
  }
}
