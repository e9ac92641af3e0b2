/** What requests of clients and responses to them are, over HTTP. */
export const mediaType = "application/vnd.quorate.client";
