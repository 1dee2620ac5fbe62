import { randomBytes } from 'node:crypto';
import { RateLimit } from '../clock';
import { DeadToken, Refusal } from './codes';
import type { Params } from './params';
import type { Account, Platform } from './platform';

const LIFETIME = 180 * 86_400;

export class Sessions {
	private readonly tokens = new Map<string, { account: Account; expires: number }>();
	private readonly limit: RateLimit;

	constructor(private readonly platform: Platform) {
		this.limit = new RateLimit(platform.settings.rateLimit);
	}

	/** 4. */
	login(params: Params): string {
		const [loginName, password] = [params.optional('LoginName'), params.optional('PassWord')];
		if (loginName === undefined || password === undefined) throw new Refusal(500);
		const account = this.platform.accounts.get(loginName);
		if (!account) throw new Refusal(4004);
		if (account.password !== password) throw new Refusal(4005);
		if (account.refusedWith !== null) throw new Refusal(account.refusedWith);
		if (this.platform.settings.newLoginEndsOld) this.kill(loginName);
		const token = randomBytes(16).toString('hex').toUpperCase();
		this.tokens.set(token, { account, expires: this.platform.now() + LIFETIME });
		return token;
	}

	/** 5. */
	logout(token: string): void {
		this.tokens.delete(token);
	}

	/** Whom a token belongs to. */
	account(token: string): Account {
		const session = this.tokens.get(token);
		if (!session || this.platform.now() >= session.expires) throw new DeadToken();
		return session.account;
	}

	/** Whether an account has sent too many requests; counts this one. */
	limited(account: Account): boolean {
		return this.limit.wait(account.loginName, this.platform.clock.milliseconds()) > 0;
	}

	kill(loginName: string): void {
		for (const [token, { account }] of this.tokens) {
			if (account.loginName === loginName) this.tokens.delete(token);
		}
	}

	expire(loginName: string): void {
		for (const session of this.tokens.values()) {
			if (session.account.loginName === loginName) session.expires = this.platform.now();
		}
	}
}
