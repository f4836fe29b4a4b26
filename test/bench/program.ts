/**
 * The sources of a program of some size, as one is written: services with a class and some functions, repositories, rules that are
 * functions, settings and tables that declare none. A module has 60 to 150 lines, imports three others and what it needs of Node.
 */

/** So many modules that what they import is a tree with ties between its branches. */
const parentsOf = (i: number): ReadonlyArray<number> => [
  3 * i + 1,
  3 * i + 2,
  3 * i + 3,
  (i * 7) % 50 === 0 ? 2 * i + 5 : 3 * i + 4
]

const builtins = [
  "node:path",
  "node:crypto",
  "node:http",
  "node:events",
  "node:fs",
  "node:url",
  "node:util",
  "node:stream"
]

const nouns = [
  "Order",
  "Invoice",
  "Customer",
  "Shipment",
  "Product",
  "Refund",
  "Basket",
  "Address",
  "Discount",
  "Payment"
]

const nounOf = (i: number): string => nouns[i % nouns.length] ?? "Order"

const importsOf = (i: number, count: number): string => {
  const own = parentsOf(i)
    .filter((other) => other < count && other > i)
    .map((other) => `import * as ${lower(nounOf(other))}${other} from "./${fileOf(other)}"\n`)
  const builtin = builtins[i % (3 * builtins.length)]
  return `${builtin === undefined ? "" : `import * as platform from "${builtin}"\n`}${own.join("")}\n`
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)

export const fileOf = (i: number): string => `${lower(nounOf(i))}${i}.js`

const pure = (name: string, i: number, j: number): string => `
/**
 * Checks the ${lower(name)} and gives what is to be stored of it.
 *
 * @param {object} given what was read of the request
 */
export function check${name}${j}(given) {
  if (given === undefined || given.lines === undefined) {
    throw new TypeError(\`no ${lower(name)} in "\${String(given)}"\`)
  }
  // Lines of nothing are left out, and the others counted.
  const lines = given.lines.filter(({ amount }) => amount > 0)
  const total = lines.reduce((sum, { amount, price }) => sum + amount * price, 0)
  return { ...given, lines, total, tax: Math.round(total * 0.19), step: ${i + j} }
}
`

const awaited = (name: string, j: number): string => `
export async function load${name}${j}(store, id, { retries = 2, signal } = {}) {
  for (let attempt = 0; attempt <= retries; attempt++) {
    try {
      const row = await store.find("${lower(name)}", id, { signal })
      if (row !== undefined) return { id, ...row }
    } catch (error) {
      if (attempt === retries || !/timeout|reset/i.test(error.message)) throw error
    }
  }
  return undefined
}
`

const service = (name: string, i: number): string => `
/** Keeps ${lower(name)}s, and what was asked of them lately. */
export class ${name}Service${i} {
  #recent = new Map()

  constructor(store, clock) {
    this.store = store
    this.clock = clock
  }

  async find(id) {
    const known = this.#recent.get(id)
    if (known !== undefined && this.clock.now() - known.at < 60_000) return known.value
    const value = await this.store.find("${lower(name)}", id)
    this.#recent.set(id, { value, at: this.clock.now() })
    return value
  }

  async save(value) {
    const checked = { ...value, savedAt: this.clock.now() }
    await this.store.save("${lower(name)}", checked)
    this.#recent.delete(value.id)
    return checked
  }

  total(items) {
    return items.reduce((sum, { price, amount }) => sum + price * amount, 0)
  }

  describe(value) {
    const parts = [\`${name} \${value.id}\`]
    if (value.name) parts.push(\`of \${value.name}\`)
    for (const { amount, title } of value.lines ?? []) {
      parts.push(\`\${amount} × \${title.replace(/["']/g, "")}\`)
    }
    return parts.join(", ")
  }

  _forget(id) {
    this.#recent.delete(id)
  }
}
`

const arrows = (name: string, i: number): string => `
export const is${name} = (value) => typeof value === "object" && value !== null && value.kind === "${lower(name)}"

export const by${name} = (a, b) => (a.total === b.total ? a.id.localeCompare(b.id) : a.total - b.total)

const cents${name} = (amount) => Math.round(amount * 100) / 100

export const format${name}${i} = (value) => {
  const lines = value.lines.map(({ amount, price, title }) => \`\${amount} × \${title}: \${cents${name}(amount * price)}\`)
  return [...lines, \`in all \${cents${name}(value.total)}\`].join("\\n")
}
`

const table = (name: string, i: number, rows: number): string => {
  const row = (j: number) =>
    `  { id: "${lower(name)}-${i}-${j}", title: "${name} of kind ${j}", price: ${(j + 1) * 250}, weight: ${j * 0.5}, tags: ["new", "kind ${j % 3}"] }`
  return `
export const ${lower(name)}Kinds = [
${Array.from({ length: rows }, (_, j) => row(j)).join(",\n")}
]

export const limits${i} = Object.freeze({ retries: 3, timeout: 2_000, pattern: /^[a-z]{2,}-\\d+$/, page: 50 })
`
}

const bodyOf = (i: number): string => {
  const name = nounOf(i)
  switch (i % 5) {
    case 0:
      return service(name, i) + pure(name, i, 0) + awaited(name, 0) + table(name, i, 6)
    case 1:
      return (
        pure(name, i, 0) + pure(name, i, 1) + awaited(name, 0) + pure(name, i, 2) + arrows(name, i) + pure(name, i, 3)
      )
    case 2:
      return arrows(name, i) + service(name, i) + arrows(`${name}Line`, i)
    case 3:
      return table(name, i, 30) + arrows(name, i) + arrows(`${name}Line`, i)
    default:
      return (
        arrows(name, i) + awaited(name, 0) + pure(name, i, 0) + awaited(name, 1) + awaited(name, 2) + table(name, i, 12)
      )
  }
}

/** The files of a program of `count` modules, whose first one imports all others. */
export const filesOf = (count: number): ReadonlyMap<string, string> =>
  new Map(Array.from({ length: count }, (_, i) => [fileOf(i), importsOf(i, count) + bodyOf(i)]))
