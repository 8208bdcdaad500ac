/** The longest id of a user, in characters. */
export const MAX_USER_ID_LENGTH = 255;
