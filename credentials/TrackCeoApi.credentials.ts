// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { trackceo } from '../providers/protrack/trackceo';

export class TrackCeoApi implements ICredentialType {
	name = 'trackCeoApi';

	displayName = 'TrackCEO API';

	icon: Icon = { light: 'file:../icons/trackceo.svg', dark: 'file:../icons/trackceo.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/trackceo.md#account';

	properties: INodeProperties[] = credentialProperties(trackceo);

	preAuthentication = preAuthenticationOf(trackceo);

	authenticate: IAuthenticate = authenticateOf(trackceo);

	// The login before this request is the real test; it says itself what is wrong.
	test: ICredentialTestRequest = {
		request: testOf(trackceo, { url: '/api/user/list' }),
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
