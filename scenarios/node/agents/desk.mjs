// What the agents of this folder share: a refund desk's instructions and its two tools.
export const instructions =
  "You are the refund desk of a web shop. Look up the order first, then refund what the customer is owed.";

const order = { type: "object", properties: { order_id: { type: "string" } }, required: ["order_id"] };
const payment = {
  type: "object",
  properties: { order_id: { type: "string" }, amount: { type: "number" } },
  required: ["order_id", "amount"],
};

export const tools = [
  { name: "lookup_order", description: "Look up an order by its number.", schema: order },
  { name: "refund", description: "Pay money back to the customer, in US dollars.", schema: payment },
];

export const handlers = {
  lookup_order: ({ order_id }) => ({ order_id, item: "Laptop Pro 14", total: 1500, status: "returned" }),
  refund: ({ order_id, amount }) => `refunded $${amount.toLocaleString("en-US")} on order ${order_id}`,
};
