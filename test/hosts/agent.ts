/** An agent in n8n, whose language model knows one wish only: that its tool be run. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chain, type Execution, type Json, type N8n, type WorkflowNode } from './n8n';

export interface Agent {
	/** Has the agent run a tool. */
	run(tool: WorkflowNode): Promise<Execution>;
	/** How often the model was asked. */
	asked(): number;
	/** What tools have told the model. */
	told: string[];
	close(): Promise<void>;
}

export async function startAgent(n8n: N8n): Promise<Agent> {
	let asked = 0;
	const told: string[] = [];
	const model = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk) => (body += String(chunk)));
		request.on('end', () => {
			asked += 1;
			const { tools = [], messages = [] } = JSON.parse(body || '{}') as {
				tools?: { function: { name: string } }[];
				messages?: { role: string; content: unknown }[];
			};
			const results = messages.filter(({ role }) => role === 'tool');
			told.push(...results.map(({ content }) => JSON.stringify(content)));
			const call = tools[0] !== undefined && results.length === 0;
			const delta = call
				? {
						role: 'assistant',
						tool_calls: [
							{
								index: 0,
								id: 'call-1',
								type: 'function',
								function: { name: tools[0]?.function.name, arguments: '{}' },
							},
						],
					}
				: { role: 'assistant', content: 'Done.' };
			const chunk = (more: object) =>
				`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', ...more })}\n\n`;
			response.writeHead(200, { 'content-type': 'text/event-stream' });
			response.write(chunk({ choices: [{ index: 0, delta, finish_reason: null }] }));
			response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: call ? 'tool_calls' : 'stop' }] }));
			response.end(
				`${chunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })}data: [DONE]\n\n`,
			);
		});
	});
	await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${String((model.address() as AddressInfo).port)}/v1`;
	const { id, name } = await n8n.createCredential({
		name: 'model',
		type: 'openAiApi',
		data: { apiKey: 'none', url, header: false },
	});
	return {
		run: async (tool) =>
			await n8n.runWorkflow({
				...chain(
					{
						name: 'Agent',
						type: '@n8n/n8n-nodes-langchain.agent',
						typeVersion: 1.7,
						parameters: { promptType: 'define', text: 'Stop the engine of my van.', options: {} },
					},
					{
						name: 'Model',
						type: '@n8n/n8n-nodes-langchain.lmChatOpenAi',
						typeVersion: 1,
						parameters: { model: 'gpt-4o', options: {} },
						credentials: { openAiApi: { id, name } },
					},
					tool,
				),
				connections: {
					Start: { main: [[{ node: 'Agent', type: 'main', index: 0 }]] },
					Model: { ai_languageModel: [[{ node: 'Agent', type: 'ai_languageModel', index: 0 }]] },
					[tool.name]: { ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] },
				},
			}),
		asked: () => asked,
		told,
		close: async () => await new Promise((resolve) => model.close(() => resolve())),
	};
}

/** The forms in which n8n's HTTP Request node is a tool: the node itself, and the older tool of its own. */
export function httpRequestTools({
	method,
	url,
	credentialType,
}: {
	method: string;
	url: string;
	credentialType: string;
}): WorkflowNode[] {
	const parameters: Json = {
		method,
		url,
		authentication: 'predefinedCredentialType',
		nodeCredentialType: credentialType,
		toolDescription: 'Stops engines',
	};
	return [
		{
			name: 'Node',
			type: 'n8n-nodes-base.httpRequestTool',
			typeVersion: 4.2,
			parameters: { ...parameters, options: {} },
		},
		{ name: 'Tool', type: '@n8n/n8n-nodes-langchain.toolHttpRequest', typeVersion: 1.1, parameters },
	];
}
