/**
 * A gRPC service whose messages are JSON, with a method of each kind.
 */
import {
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type ServiceDefinition,
  type UntypedServiceImplementation
} from "@grpc/grpc-js"
import { Effect } from "effect"

const serialize = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const deserialize = (bytes: Buffer): unknown => JSON.parse(bytes.toString())

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Orders/${name}`,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize
})

export const definition: ServiceDefinition = {
  Reserve: method("Reserve", false, false),
  Import: method("Import", true, false),
  Watch: method("Watch", false, true),
  Chat: method("Chat", true, true)
}

export const Orders = makeGenericClientConstructor(definition, "Orders") as unknown as new (
  address: string,
  credentials: ChannelCredentials,
  options?: ClientOptions
) => Client & Record<string, (...args: ReadonlyArray<unknown>) => never>

/** Serves the handlers on a free port, for as long as the scope is open. */
export const serve = (implementation: UntypedServiceImplementation, interceptors: Array<ServerInterceptor> = []) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: Server; readonly address: string }>((resume) => {
      const server = new Server({ interceptors })
      server.addService(definition, implementation)
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        resume(error === null ? Effect.succeed({ server, address: `127.0.0.1:${port}` }) : Effect.die(error))
      )
    }),
    ({ server }) => Effect.sync(() => server.forceShutdown())
  ).pipe(Effect.map(({ address }) => address))

/** A client, for as long as the scope is open. */
export const connect = (address: string, options?: ClientOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => new Orders(address, credentials.createInsecure(), options)),
    (client) => Effect.sync(() => client.close())
  )
