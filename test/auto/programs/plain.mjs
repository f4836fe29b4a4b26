// A program that knows nothing of narration, in the way its argument says.
import { setTimeout as wait } from "node:timers/promises"

class Shop {
  async order(article) {
    await wait(5)
    return priceOf(article)
  }
}

function priceOf(article) {
  if (article === "none") throw new TypeError("none has no price")
  return article.length
}

async function main(article) {
  return await new Shop().order(article)
}

async function answer() {
  await wait(1)
  return priceOf("lamp")
}

function leaf() {
  return 1
}

// When the program's story is over, also on a busy machine: what narrates is loaded within it.
const later = 2_000

const ways = {
  ends: async () => console.log(await main("lamp")),
  fails: () => main("none"),
  throws: () => {
    throw new RangeError("at the top")
  },
  handles: async () => {
    await main("none").catch(() => console.log("handled"))
  },
  givesUp: () => {
    main("none").catch(() => {
      process.exitCode = 3
    })
  },
  exits: async () => {
    await main("lamp")
    process.exit(4)
  },
  chains: () => {
    main("lamp").then((price) => console.log(answer.length, price, leaf()))
  },
  answersLater: async () => {
    leaf()
    setTimeout(() => {
      leaf()
      answer()
    }, later)
  },
  failsLater: () => {
    setTimeout(() => priceOf("none"), later)
  },
  waits: async () => {
    const called = main("lamp")
    process.stdout.write("waiting\n")
    await Promise.all([called, new Promise(() => setInterval(leaf, 60_000))])
  },
  listens: async () => {
    process.on("SIGTERM", () => {
      console.log("asked to end")
      process.exit(0)
    })
    process.stdout.write("waiting\n")
    await Promise.all([main("lamp"), new Promise(() => setInterval(leaf, 60_000))])
  },
  nothing: () => console.log("nothing")
}

await ways[process.argv[2]]()
