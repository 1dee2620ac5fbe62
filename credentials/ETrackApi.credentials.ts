// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { etrack } from '../providers/protrack/etrack';

export class ETrackApi implements ICredentialType {
	name = 'eTrackApi';

	displayName = 'eTrack API';

	icon: Icon = { light: 'file:../icons/etrack.svg', dark: 'file:../icons/etrack.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/etrack.md#account';

	properties: INodeProperties[] = credentialProperties(etrack);

	preAuthentication = preAuthenticationOf(etrack);

	authenticate: IAuthenticate = authenticateOf(etrack);

	// The login before this request is the real test; it says itself what is wrong.
	test: ICredentialTestRequest = {
		request: testOf(etrack, { url: '/api/user/list' }),
		rules: [
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'code',
					value: 10011,
					message:
						'The session ended at once: another program is logging in with this account. Give each its own account.',
				},
			},
			{
				type: 'responseSuccessBody',
				properties: {
					key: 'code',
					value: 10012,
					message:
						'The session ended at once: another program is logging in with this account. Give each its own account.',
				},
			},
		],
	};
}
