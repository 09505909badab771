// @google/genai: generateContent and a loop over function calls.
import { GoogleGenAI } from "@google/genai";
import { handlers, instructions, tools } from "./desk.mjs";

const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
const functionDeclarations = tools.map(({ schema, ...tool }) => ({ ...tool, parametersJsonSchema: schema }));

async function answer(question) {
  const contents = [{ role: "user", parts: [{ text: question }] }];
  for (;;) {
    const reply = await client.models.generateContent({
      model: "gemini-3-flash",
      contents,
      config: { systemInstruction: instructions, tools: [{ functionDeclarations }] },
    });
    const calls = reply.functionCalls ?? [];
    if (calls.length === 0) return reply.text;
    contents.push(reply.candidates[0].content);
    contents.push({
      role: "user",
      parts: calls.map((call) => ({
        functionResponse: { id: call.id, name: call.name, response: { result: handlers[call.name](call.args) } },
      })),
    });
  }
}

console.log(await answer(process.argv[2]));
