// Keeps what has been typed or ticked while the view is rebuilt in another language.

/**
 * @param {HTMLElement} container
 * @returns {() => void} restores each input that still exists, by its id
 */
export function keepInput(container) {
  const named = [...container.querySelectorAll('input')].filter(({ id }) => id !== '');
  const kept = named.map(({ id, value, checked }) => ({ id, value, checked }));
  return function restore() {
    for (const { id, value, checked } of kept) {
      const input = container.querySelector(`input#${CSS.escape(id)}`);
      if (input instanceof HTMLInputElement) Object.assign(input, { value, checked });
    }
  };
}
