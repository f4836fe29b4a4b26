/**
 * What the carrier can be asked for. Its messages are JSON, so that the example needs no `.proto` file.
 */
import { type Client, makeGenericClientConstructor, type ServiceDefinition, type ServiceError } from "@grpc/grpc-js"

export interface Booking {
  readonly item: string
  readonly to: string
}

const serialize = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const deserialize = (bytes: Buffer): unknown => JSON.parse(bytes.toString())

export const definition: ServiceDefinition = {
  book: {
    path: "/carrier.Trucks/Book",
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize
  }
}

interface CarrierClient extends Client {
  readonly book: (booking: Booking, reply: (error: ServiceError | null) => void) => void
}

// The methods of a client made of a definition have no types.
export const Carrier = makeGenericClientConstructor(definition, "Trucks") as unknown as new (
  ...args: ConstructorParameters<typeof Client>
) => CarrierClient
