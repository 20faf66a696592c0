/* The part of socket.io-client's types that the client uses; `protocol/connection.js` gives it shape. */
export function io(address: string, options: object): any;
