/** Actions of the setup audit trail that belong together, as its pipeline names them. */

/** Somebody can do more afterwards, once the permission set or profile is theirs. */
export const RIGHTS_WIDENED = [
  "connected-app-access-granted",
  "permission-set-group-component-added",
  "permission-set-object-permission-changed",
  "permission-set-permission-enabled",
  "profile-object-permission-changed",
  "profile-permission-changed",
] as const;

/** Somebody has other rights afterwards. */
export const RIGHTS_GIVEN = [
  "delegated-group-member-added",
  "permission-set-assigned",
  "permission-set-group-assigned",
  "user-profile-changed",
  "user-role-changed",
] as const;

/** What protects logins, sessions and the logs may do less afterwards; the change in words says in which direction. */
export const DEFENCES_CHANGED = [
  "admins-may-log-in-as-any-user-changed",
  "connected-app-ip-relaxation-changed",
  "event-log-generation-switched-off",
  "login-ip-range-changed",
  "mfa-requirement-switched-off",
  "password-attempts-changed",
  "password-expiry-changed",
  "password-lockout-changed",
  "password-minimum-length-changed",
  "session-security-level-changed",
  "transaction-security-policy-disabled",
] as const;

/** Another key, address or identity opens a door afterwards. */
export const TRUST_CHANGED = [
  "certificate-created",
  "connected-app-callback-url-changed",
  "connected-app-certificate-changed",
  "connected-app-created",
  "connected-app-credential-user-added",
  "connected-app-installed",
  "connected-app-unblocked",
  "named-credential-secret-changed",
  "service-provider-acs-url-changed",
  "user-federation-id-changed",
] as const;
