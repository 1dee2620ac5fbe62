import { createHash, randomUUID } from 'node:crypto';
import { RateLimit } from '../clock';
import type { VendorRequest } from '../exchange';
import { Refusal } from './codes';
import type { Platform, User } from './platform';

const SCOPE = 'CarPoolingAPI IdentityServerApi offline_access openid profile TrackGPSV4Api';

/** Login and tokens. A user may have many tokens: a new one does not end the others. */
export class Sessions {
	private readonly tokens = new Map<string, { user: User; expires: number }>();
	private readonly limit: RateLimit;

	constructor(private readonly platform: Platform) {
		this.limit = new RateLimit(platform.settings.rateLimit);
	}

	login(request: VendorRequest) {
		const fields = loginFields(request, this.platform.settings.jsonLogin);
		const [username, password] = [fields.get('username'), fields.get('password')];
		if (!username || !password) throw identityError(400, 'invalid_request', 'username and password are required');
		const user = this.platform.users.get(username);
		if (user?.password !== password) {
			throw identityError(
				this.platform.settings.wrongPasswordStatus,
				'invalid_grant',
				'invalid_username_or_password',
			);
		}
		const { tokenSeconds } = this.platform.settings;
		const now = this.platform.now();
		const token = jwt({
			iss: 'https://sso.trackgps.ro',
			client_id: 'TrackGPSV4',
			sub: username,
			iat: now,
			exp: now + tokenSeconds,
			jti: randomUUID(),
		});
		this.tokens.set(token, { user, expires: now + tokenSeconds });
		return {
			access_token: token,
			expires_in: tokenSeconds,
			token_type: 'Bearer',
			refresh_token: randomUUID().replaceAll('-', ''),
			scope: SCOPE,
		};
	}

	/** Whom a request comes from; also counts it. */
	user({ headers }: VendorRequest): User {
		const [, token = ''] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
		const session = this.tokens.get(token);
		if (!session || this.platform.now() >= session.expires) throw unauthenticated();
		const wait = this.limit.wait(session.user.username, this.platform.clock.milliseconds());
		if (wait > 0) throw this.tooMany(Math.ceil(wait / 1000));
		return session.user;
	}

	kill(username: string): void {
		for (const [token, { user }] of this.tokens) {
			if (user.username === username) this.tokens.delete(token);
		}
	}

	expire(username: string): void {
		for (const session of this.tokens.values()) {
			if (session.user.username === username) session.expires = this.platform.now();
		}
	}

	/** The default text of AspNetCoreRateLimit (facts 2.1). */
	private tooMany(seconds: number): Refusal {
		const { requests, perSeconds } = this.platform.settings.rateLimit!;
		const body = `API calls quota exceeded! maximum admitted ${requests} per ${perSeconds}s.`;
		return new Refusal(429, null, { 'content-type': 'text/plain', 'retry-after': String(seconds) }, body);
	}
}

export function unauthenticated(): Refusal {
	return new Refusal(401, null, { 'www-authenticate': 'Bearer' });
}

function identityError(status: 400 | 401, error: string, error_description: string): Refusal {
	return new Refusal(
		status,
		null,
		{ 'content-type': 'application/json; charset=UTF-8' },
		JSON.stringify({ error, error_description }),
	);
}

/** Field names in lower case: clients use both (facts 2.2). */
function loginFields({ headers, body }: VendorRequest, json: boolean): Map<string, string> {
	const type = headers['content-type'] ?? '';
	let entries: [string, string][];
	if (type.startsWith('application/x-www-form-urlencoded')) {
		entries = [...new URLSearchParams(body)];
	} else if (type.startsWith('multipart/form-data')) {
		entries = multipart(body, /boundary="?([^";]+)"?/i.exec(type)?.[1] ?? '');
	} else if (type.startsWith('application/json') && json) {
		entries = Object.entries(JSON.parse(body) as object).map(([name, value]) => [name, String(value)]);
	} else {
		throw identityError(400, 'invalid_request', 'the body is no form');
	}
	return new Map(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

function multipart(body: string, boundary: string): [string, string][] {
	if (boundary === '') return [];
	return body.split(`--${boundary}`).flatMap((part): [string, string][] => {
		const [, head = '', value = ''] = /^\r\n(.*?)\r\n\r\n(.*)\r\n$/s.exec(part) ?? [];
		const name = /content-disposition:\s*form-data;.*?\bname="?([^";\r\n]+)"?/i.exec(head)?.[1];
		return name === undefined ? [] : [[name, value]];
	});
}

function jwt(payload: object): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const text = `${part({ alg: 'RS256', typ: 'at+jwt' })}.${part(payload)}`;
	return `${text}.${createHash('sha256').update(text).digest('base64url')}`;
}
