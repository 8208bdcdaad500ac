// What somebody has typed or ticked survives a view that is made anew, in another language.

/**
 * @param {HTMLElement} container
 * @returns {() => void} puts everything back that is there under the same id
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
