/**
 * What Effect's modules make to work with: what it is made of says nothing, and its name all.
 */
import { types } from "node:util"
import { isObject } from "../../plain/untrusted.js"

/** Every effect has the marks of those below it, and some of those above are effects as well. */
const kinds = Object.entries({
  Fiber: "Fiber",
  Deferred: "Deferred",
  QueueDequeue: "Queue",
  Pool: "Pool",
  KeyedPool: "KeyedPool",
  Mailbox: "Mailbox",
  "Mailbox/ReadonlyMailbox": "Mailbox",
  FiberSet: "FiberSet",
  FiberMap: "FiberMap",
  FiberHandle: "FiberHandle",
  RcRef: "RcRef",
  RcMap: "RcMap",
  ScopedRef: "ScopedRef",
  Resource: "Resource",
  "TQueue/TDequeue": "TQueue",
  TMap: "TMap",
  TSet: "TSet",
  TSemaphore: "TSemaphore",
  TPubSub: "TPubSub",
  TDeferred: "TDeferred",
  ManagedRuntime: "ManagedRuntime",
  Effect: undefined,
  Stream: "Stream",
  Channel: "Channel",
  Sink: "Sink",
  Layer: "Layer",
  Schedule: "Schedule",
  Scope: "Scope",
  Cache: "Cache",
  "@effect/platform/HttpClient": "HttpClient"
}).map(([key, name]) => ({ mark: Symbol.for(key.startsWith("@") ? key : `effect/${key}`), name }))

export const kindOf = (value: unknown): string | undefined => {
  if (!isObject(value) || types.isProxy(value)) return undefined
  const name = kinds.find(({ mark }) => mark in value)?.name
  // A hub is read as a queue, too.
  return name === "Queue" && "publish" in value ? "PubSub" : name
}

/** A `TRef` holds a value, as a `Ref` does. */
export const isTRef = (value: unknown): value is object =>
  isObject(value) && !types.isProxy(value) && Symbol.for("effect/TRef") in value

export const heldBy = (ref: object): unknown => own(own(ref, "versioned"), "value")

const own = (value: unknown, name: string): unknown =>
  isObject(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
