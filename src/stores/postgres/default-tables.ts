/** The table of users, unless the app names another. In a file of its own, because commands that need no store load it too. */
export const DEFAULT_USERS_TABLE = 'visa_users';
