import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./test/PlainSummary.ts"],
    testTimeout: 30_000,
    // By default one less than there are cores: many tests wait for processes of their own.
    maxWorkers: 2,
    minWorkers: 1
  }
})
