import { randomUUID } from 'node:crypto';
import { RateLimit } from '../clock';
import { AUTHORISATION_FAILED, HttpRefusal, INVALID_TOKEN, Refusal } from './codes';
import type { Params } from './params';
import type { Platform, User } from './platform';

export interface Session {
	token: string;
	user: User;
	expires: number;
}

export class Sessions {
	private readonly sessions = new Map<string, Session>();
	private readonly limit: RateLimit;

	constructor(private readonly platform: Platform) {
		this.limit = new RateLimit(platform.settings.rateLimit);
	}

	login(params: Params) {
		params.require(['Username', 'Password']);
		const { sessionMinutes, newLoginEndsOld } = this.platform.settings;
		const user = this.platform.users.get(params.text('Username'));
		if (!user || user.password !== params.text('Password')) {
			throw this.refusal({ UserId: 0, SessionToken: null, SessionDurationMinutes: 0, xml: null });
		}
		this.count(user);
		if (newLoginEndsOld) this.kill(user.username);
		const token = randomUUID();
		this.sessions.set(token, { token, user, expires: this.platform.now() + sessionMinutes * 60 });
		return { UserId: user.userId, SessionToken: token, SessionDurationMinutes: sessionMinutes, xml: null };
	}

	/** Whom a request comes from. */
	session(token: string): Session {
		const session = this.sessions.get(token);
		if (!session || !this.alive(token)) throw this.refusal();
		this.count(session.user);
		const { slidingSessions, sessionMinutes } = this.platform.settings;
		if (slidingSessions) session.expires = this.platform.now() + sessionMinutes * 60;
		return session;
	}

	alive(token: string): boolean {
		const session = this.sessions.get(token);
		return session !== undefined && this.platform.now() < session.expires;
	}

	kill(username: string): void {
		for (const [token, { user }] of this.sessions) {
			if (user.username === username) this.sessions.delete(token);
		}
	}

	expire(username: string): void {
		for (const session of this.sessions.values()) {
			if (session.user.username === username) session.expires = this.platform.now();
		}
	}

	private refusal(rest?: object): Error {
		const { sessionErrors } = this.platform.settings;
		if (sessionErrors === 'http401') return new HttpRefusal(401);
		if (sessionErrors === 'http403') return new HttpRefusal(403);
		return new Refusal(sessionErrors === 'code' ? AUTHORISATION_FAILED : INVALID_TOKEN, rest);
	}

	private count(user: User): void {
		if (this.limit.wait(user.username, this.platform.clock.milliseconds()) > 0) {
			throw new HttpRefusal(this.platform.settings.rateLimit?.status ?? 400);
		}
	}
}
