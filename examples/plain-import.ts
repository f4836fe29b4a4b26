/**
 * An import in plain TypeScript: classes and async functions, and not a word of narration. Narrated by how it is started:
 *
 *     node --import effect-narrative/auto --import tsx examples/plain-import.ts
 *
 * What it prints itself goes to standard output, its story to standard error.
 */

interface Customer {
  readonly name: string
  readonly email: string
}

const pages: ReadonlyArray<ReadonlyArray<string>> = [
  ["Ada;ada@example.org", "Grace;grace@example.org"],
  ["Edsger;edsger@example.org", "Barbara"]
]

/** Where customers come from. */
class Crm {
  readonly #pages: typeof pages

  constructor(given: typeof pages) {
    this.#pages = given
  }

  async fetchPage(index: number): Promise<ReadonlyArray<string>> {
    await new Promise((resolve) => setTimeout(resolve, 10))
    return this.#pages[index] ?? []
  }
}

class Store {
  readonly #customers = new Map<string, Customer>()

  save(customer: Customer): void {
    this.#customers.set(customer.email, customer)
  }

  get size(): number {
    return this.#customers.size
  }
}

function parseCustomer(line: string): Customer {
  const [name, email] = line.split(";")
  if (name === undefined || email === undefined) throw new SyntaxError(`no e-mail in "${line}"`)
  return { name, email }
}

async function importPage(crm: Crm, store: Store, page: number): Promise<void> {
  for (const line of await crm.fetchPage(page)) store.save(parseCustomer(line))
}

async function main(): Promise<void> {
  const crm = new Crm(pages)
  const store = new Store()
  for (const page of pages.keys()) {
    await importPage(crm, store, page)
    console.log(`${store.size} customers`)
  }
}

main().catch((error: unknown) => {
  console.log(`given up: ${String(error)}`)
  process.exitCode = 1
})
