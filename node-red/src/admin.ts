import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { testedByHand } from '../../core/account';
import { asFleetError, Client } from '../../core/client';
import { Redactor } from '../../core/redaction';
import type { Provider } from '../../core/provider';
import type { Settings } from './account';
import { accountNodeOf, accountOf, type AccountNode } from './account-node';
import type { TriggerNodeInstance } from './trigger-node';
import { triggerType } from './types';

/** What the editor sends in place of a password that it does not know. */
const UNCHANGED = '__PWRD__';

/** Settings of an account as its dialog holds them, deployed or not. */
interface DialogBody {
	id?: unknown;
	settings?: Record<string, unknown>;
	credentials?: Record<string, unknown>;
}

/**
 * Answers the editor: a test login, and the lists that fill pickers. Answers are {ok, message} or {ok, choices}; an error is a
 * sentence, never a stack or a secret.
 */
export class Admin {
	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
	) {}

	lookup(request: Request, response: Response): void {
		const { RED, provider } = this;
		answer(response, new Redactor(), async () => {
			const node = accountNodeOf(RED, provider, String(request.params.account));
			if (node === undefined) return { status: 404, body: { ok: false, message: RED._('admin.unknownAccount') } };
			return choices(node.client(() => undefined), String(request.params.name));
		});
	}

	/** An account that was not deployed yet comes along with the request, and so does one that is being edited. */
	lookupBeforeDeploy(request: Request, response: Response): void {
		withAccount(this.RED, this.provider, request, response, async (account) => choices(account.client(() => undefined), String(request.params.name)));
	}

	poll(request: Request, response: Response): void {
		const { RED, provider } = this;
		answer(response, new Redactor(), () => {
			const node = RED.nodes.getNode(String(request.params.trigger)) as TriggerNodeInstance | undefined;
			if (node?.type !== triggerType(provider)) return { status: 404, body: { ok: false, message: RED._('admin.unknownTrigger') } };
			node.pollNow();
			return { status: 200, body: { ok: true, message: RED._('admin.polling') } };
		});
	}

	test(request: Request, response: Response): void {
		const { RED } = this;
		withAccount(RED, this.provider, request, response, async (account) => {
			await account.logIn();
			testedByHand(this.provider, account.connection);
			return { status: 200, body: { ok: true, message: RED._('admin.loggedIn', { account: account.connection.account }) } };
		});
	}
}

interface Answer {
	status: number;
	body: object;
}

async function choices(client: Client, name: string): Promise<Answer> {
	client.tryNow();
	return { status: 200, body: { ok: true, choices: await client.lookup(name) } };
}

function withAccount(RED: NodeAPI, provider: Provider, request: Request, response: Response, work: (account: ReturnType<typeof accountOf>) => Promise<Answer>): void {
	const redactor = new Redactor();
	answer(response, redactor, async () => {
		const settings = settingsOf(RED, provider, (request.body ?? {}) as DialogBody);
		for (const [name, field] of Object.entries(provider.connection)) {
			if (field.secret) redactor.add(typeof settings[name] === 'string' ? settings[name] : undefined, name);
		}
		const account = accountOf(RED, provider, settings);
		try {
			return await work(account);
		} finally {
			account.close().catch(() => undefined);
		}
	});
}

/** Nothing may escape: an unhandled rejection would end Node-RED. */
function answer(response: Response, redactor: Redactor, work: () => Answer | Promise<Answer>): void {
	Promise.resolve()
		.then(work)
		.catch((thrown: unknown): Answer => {
			const error = redactor.error(asFleetError(thrown));
			// 200: the route worked, the login did not. The editor shows the sentence.
			return { status: 200, body: { ok: false, code: error.code, message: error.sentence } };
		})
		.then(({ status, body }) => response.status(status).json(body))
		.catch(() => response.destroy());
}

/** The dialog's values, with ${ENV} filled in, and for secrets that the editor does not know the deployed ones. */
function settingsOf(RED: NodeAPI, provider: Provider, { id, settings = {}, credentials = {} }: DialogBody): Settings {
	const node = typeof id === 'string' ? accountNodeOf(RED, provider, id) : undefined;
	const deployed = node?.credentials;
	const all: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(provider.connection)) {
		const given = field.secret ? credentials[name] : settings[name];
		const unknown = field.secret && (given === undefined || given === UNCHANGED);
		if (unknown || given !== undefined) all[name] = unknown ? deployed?.[name] : substituted(RED, node, given);
	}
	return { ...all, tls: settings.tls, proxy: settings.proxy };
}

/** As Node-RED does at deploy: a value that is nothing but ${NAME}. */
function substituted(RED: NodeAPI, node: AccountNode | undefined, value: unknown): unknown {
	if (typeof value !== 'string' || !/^\$\{\S+\}$/.test(value)) return value;
	// Its declared type wants a node even where the environment alone is asked.
	return (RED.util.evaluateNodeProperty as (text: string, type: string, node: AccountNode | undefined, msg: object) => unknown)(value, 'env', node, {});
}
