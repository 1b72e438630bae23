import { createContext, createElement, type ReactNode, useContext } from 'react';

const Context = createContext('');

/** Who is signed in. */
export function Me(props: { readonly value: string; readonly children: ReactNode }) {
  return createElement(Context.Provider, { value: props.value }, props.children);
}

export const useMe = () => useContext(Context);
