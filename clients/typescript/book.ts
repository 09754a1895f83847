// Books an appointment through the generated client. After `make clients`: node build/clients/typescript/book.js

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.env.DCMS_URL ?? "http://127.0.0.1:8000";
const client = createClient<paths>({ baseUrl });

/** The answer, if there is one; a problem ends the program. */
function expect<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data !== undefined) return data;
  throw new Error(error ? `${error.code}: ${error.detail}` : "no answer");
}

function isoDate(daysFromNow: number): string {
  return new Date(Date.now() + daysFromNow * 86_400_000).toISOString().slice(0, 10);
}

const receptionist = { username: "receptionist", password: "dcms-demo-password" };
const tokens = expect(await client.POST("/api/v1/auth/login", { body: receptionist }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${tokens.access_token}`);
  },
});

const found = expect(await client.GET("/api/v1/patients", { params: { query: { query: "schmdit", limit: 1 } } }));
const patient = found.items[0];
if (!patient) throw new Error("nobody is called that");

const free = expect(
  await client.GET("/api/v1/availability", {
    params: { query: { from: isoDate(1), to: isoDate(14), duration_min: 30, limit: 1 } },
  }),
);
const slot = "slots" in free ? free.slots[0] : undefined;
if (!slot) throw new Error("nothing is free");

const wish = {
  patient_id: patient.patient_id,
  doctor_id: slot.doctor_id,
  starts_at: slot.starts_at,
  duration_min: 30,
};
// with the same key it may be sent again when no answer came
const booked = expect(
  await client.POST("/api/v1/appointments", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: wish,
  }),
);
console.log(`booked ${booked.appointment_id} for ${booked.starts_at}`);

const second = await client.POST("/api/v1/appointments", { body: wish });
if (second.response.status !== 409 || second.error?.code !== "appointment_overlap") {
  throw new Error("the same time was given twice");
}
console.log(`refused: ${second.error.code}`);

const cancelled = expect(
  await client.POST("/api/v1/appointments/{appointment_id}/cancel", {
    params: { path: { appointment_id: booked.appointment_id } },
    body: { reason: "on holiday", by: "patient" },
  }),
);
console.log(cancelled.status);
