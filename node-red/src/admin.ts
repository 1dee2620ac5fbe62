import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { testedByHand } from '../../core/call/account';
import { checkBaseUrl } from '../../core/describe/base-url';
import type { Client } from '../../core/call/client';
import { asFleetError, InvalidParams } from '../../core/describe/errors';
import { shown } from '../../core/describe/field';
import { Redactor } from '../../core/call/redaction';
import { cut, plain } from '../../core/describe/words';
import type { Provider } from '../../core/describe/provider';
import type { Account, AccountSettings } from './account';
import { accountInEditor, accountNodeOf, accountOf, type AccountNode } from './account-node';
import { asStored, editorId, runningAs } from './instances';
import { locksOf, privateForbidden, tellsOfNames } from './locks';
import { migrate, type Migrations } from './migrations';
import { Trials } from './trials';
import { isVariable, withoutVariables } from './variables';
import type { TriggerNodeInstance } from './trigger-node';
import { triggerType } from './types';

/** What the editor sends in place of a password that it does not know. */
const UNCHANGED = '__PWRD__';

/** Settings of an account as its dialog holds them, deployed or not. */
interface DialogBody {
	id?: unknown;
	settings: Record<string, unknown>;
	credentials: Record<string, unknown>;
}

/** The body of a request may be any JSON. */
function dialogIn(body: unknown): DialogBody {
	const { id, settings, credentials } = objectIn(body);
	return { id, settings: objectIn(settings), credentials: objectIn(credentials) };
}

const objectIn = (value: unknown) =>
	(typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;

const trials = new Trials();

/**
 * Answers the editor: a test login, and the lists that fill pickers. Answers are {ok, message} or {ok, choices}; an
 * error is a sentence, never a stack or a secret. Each use leaves a line in the log.
 */
export class Admin {
	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
		private readonly migrations: Migrations,
	) {}

	lookup(request: Request, response: Response): void {
		const { RED, provider } = this;
		this.answer(response, new Redactor(), async () => {
			const node = accountInEditor(RED, provider, String(request.params.account));
			if (node === undefined) return { status: 404, body: { ok: false, message: RED._('admin.unknownAccount') } };
			this.note(request, 'asks for a list', node.deployed);
			return choices(
				node.client(() => undefined),
				String(request.params.name),
			);
		});
	}

	/** An account that was not deployed yet comes along with the request, and so does one that is being edited. */
	lookupBeforeDeploy(request: Request, response: Response): void {
		this.withAccount('asks for a list', request, response, async (account) =>
			choices(
				account.client(() => undefined),
				String(request.params.name),
			),
		);
	}

	poll(request: Request, response: Response): void {
		const { RED, provider } = this;
		this.answer(response, new Redactor(), () => {
			const triggers = runningAs(RED, String(request.params.trigger)).filter(
				(node): node is TriggerNodeInstance => node.type === triggerType(provider),
			);
			if (triggers.length === 0)
				return { status: 404, body: { ok: false, message: RED._('admin.unknownTrigger') } };
			for (const trigger of triggers) {
				this.note(request, 'polls a trigger', accountNodeOf(RED, provider, trigger.account)?.deployed ?? {});
				trigger.pollNow();
			}
			return { status: 200, body: { ok: true, message: RED._('admin.polling') } };
		});
	}

	test(request: Request, response: Response): void {
		const { RED } = this;
		this.withAccount('tests a login', request, response, async (account) => {
			const { provider } = this;
			const { login, probe, title } = provider;
			await account.logIn();
			testedByHand(provider, account.connection);
			// A key is only known to be good once something was asked with it.
			if (login === undefined && probe !== undefined)
				await account.client(() => undefined).collect(probe, {}, { limit: 1 });
			const { account: name = title } = account.connection;
			return { status: 200, body: { ok: true, message: RED._('admin.loggedIn', { account: name }) } };
		});
	}

	private withAccount(
		what: string,
		request: Request,
		response: Response,
		work: (account: Account) => Promise<Answer>,
	): void {
		const { RED, provider } = this;
		const redactor = new Redactor();
		this.answer(response, redactor, async () => {
			const body = dialogIn(request.body);
			const hide = (values: AccountSettings) => {
				for (const [name, { secret, secretForms, max = Infinity }] of Object.entries(provider.connection)) {
					const value = values[name];
					// What is longer is refused, and goes nowhere.
					if (secret && typeof value === 'string' && value.length <= max)
						redactor.add(value, name, secretForms);
				}
			};
			hide(body.credentials);
			this.note(request, what, body.settings, redactor);
			const settings = settingsOf(RED, provider, body, this.migrations);
			hide(settings);
			let account: Account | undefined;
			try {
				account = accountOf(RED, provider, settings, {
					trial: (connection) => trials.of(provider, connection),
				});
				return await work(account);
			} catch (error) {
				throw withoutVariables(asFleetError(error), body.settings, settings);
			} finally {
				account?.close().catch(() => undefined);
			}
		});
	}

	/** Nothing may escape: an unhandled rejection would end Node-RED. */
	private answer(response: Response, redactor: Redactor, work: () => Answer | Promise<Answer>): void {
		Promise.resolve()
			.then(work)
			.catch((thrown: unknown): Answer => {
				const found = asFleetError(thrown);
				const error = redactor.error(
					locksOf(this.RED).privateAddresses && tellsOfNames(found) ? privateForbidden() : found,
				);
				// 200: the route worked, the login did not. The editor shows the sentence.
				return { status: 200, body: { ok: false, code: error.code, message: error.sentence } };
			})
			.then(({ status, body }) => response.status(status).json(body))
			.catch(() => response.destroy());
	}

	private note(
		request: Request,
		what: string,
		{ baseUrl, account }: AccountSettings,
		redactor = new Redactor(),
	): void {
		const { username } = (request as { user?: { username?: unknown } }).user ?? {};
		this.RED.log.info(
			redactor.text(
				`[fleetwire] ${onLine(username ?? 'somebody')} ${what}: ${this.provider.title}, account "${onLine(account)}" at ${onLine(addressIn(baseUrl))}`,
			),
		);
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

/** What somebody wrote, on one line of a log. */
const onLine = (value: unknown) =>
	cut(
		plain(typeof value === 'string' ? value : shown(value))
			.replace(/\s+/g, ' ')
			.trim(),
		100,
	);

const NO_ADDRESS = 'no address';

/** An address however it is written, without what may be secret in it. */
function addressIn(baseUrl: unknown): string {
	// Fields are trimmed, also of blanks that URL does not know.
	const text = typeof baseUrl === 'string' ? baseUrl.trim() : '';
	if (!URL.canParse(text)) return NO_ADDRESS;
	const { protocol, host, pathname } = new URL(text);
	return `${protocol}//${host}${pathname.replace(/(?<!\/)\/+$/, '')}`;
}

/** Where an account leads; undefined if that is not known. What only Node-RED knows goes no other way. */
const wayOf = ({ baseUrl, tls, proxy }: AccountSettings) =>
	addressIn(baseUrl) === NO_ADDRESS ? undefined : JSON.stringify([addressIn(baseUrl), tls ?? '', proxy ?? '']);

/**
 * The dialog's values. What only Node-RED knows - secrets that the editor does not have, environment variables - is
 * filled in from the deployed node alone, and goes only where that leads.
 * @throws InvalidParams
 */
function settingsOf(
	RED: NodeAPI,
	provider: Provider,
	{ id, settings, credentials }: DialogBody,
	migrations: Migrations,
): AccountSettings {
	const node = typeof id === 'string' ? accountInEditor(RED, provider, id) : undefined;
	const written = node === undefined ? {} : asWritten(RED, node, migrations);
	const filledIn = (name: string, value: unknown) => {
		if (node === undefined || written[name] !== value)
			throw new InvalidParams(
				`${provider.connection[name]?.title ?? name} is filled in when the account is deployed.`,
				{ advice: 'Deploy it first, or type the value itself to test it.' },
			);
		return node.deployed[name];
	};
	const baseUrl = isVariable(settings.baseUrl) ? filledIn('baseUrl', settings.baseUrl) : settings.baseUrl;
	if (typeof baseUrl === 'string' && baseUrl !== '') checkBaseUrl(baseUrl.trim(), true);
	const { tls, proxy } = settings;
	const way = wayOf({ baseUrl, tls, proxy });
	const sameWay = node !== undefined && way !== undefined && way === wayOf(node.deployed);
	const all: Record<string, unknown> = { baseUrl };
	for (const [name, field] of Object.entries(provider.connection)) {
		if (name === 'baseUrl') continue;
		const value = field.secret ? credentials[name] : settings[name];
		const kept = field.secret && (value === undefined || value === UNCHANGED);
		if (node !== undefined && !sameWay && (kept || isVariable(value))) throw otherWay(kept);
		if (kept) all[name] = node?.deployed[name];
		else if (value !== undefined) all[name] = isVariable(value) ? filledIn(name, value) : value;
	}
	return { ...all, tls, proxy };
}

const otherWay = (kept: boolean | undefined) =>
	kept
		? new InvalidParams('Type the password again to test another address.', {
				advice: 'The stored one goes only where the account is deployed.',
			})
		: new InvalidParams('Type the values of environment variables themselves to test another address.', {
				advice: 'They go only where the account is deployed.',
			});

/** A deployed node's settings before environment variables were filled in. */
function asWritten(RED: NodeAPI, node: AccountNode, migrations: Migrations): Record<string, unknown> {
	const id = editorId(node);
	return {
		...migrate({ ...asStored(RED, node) }, migrations[node.type]),
		...(RED.nodes.getCredentials(id) as object | undefined),
	};
}
