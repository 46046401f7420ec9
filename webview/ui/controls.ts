/**
 * The few form controls, as components. This file alone knows that they are those of `@vscode/webview-ui-toolkit`: the
 * toolkit is archived, and another library can take its place here.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { h, type ComponentChild, type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Call once, before the first render. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());
}

interface ButtonProps {
  children: ComponentChildren;
  onClick: () => void;
  appearance?: 'primary' | 'secondary' | 'icon';
  /** Name for a button that shows an icon only; also its tooltip. */
  label?: string;
  disabled?: boolean;
}

export function Button({ children, onClick, appearance = 'secondary', label, disabled }: ButtonProps): ComponentChild {
  return h(
    'vscode-button',
    { appearance, onClick, disabled: disabled ?? false, ...(label ? { 'aria-label': label, title: label } : {}) },
    children,
  );
}

interface TextFieldProps {
  label: string;
  value: string;
  placeholder?: string;
  onInput: (value: string) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
}

export function TextField({ label, value, placeholder, onInput, onKeyDown }: TextFieldProps): ComponentChild {
  return h('vscode-text-field', {
    class: 'field',
    value,
    placeholder: placeholder ?? '',
    'aria-label': label,
    onInput: (event: Event) => onInput((event.target as HTMLInputElement).value),
    onKeyDown,
  });
}

interface DropdownProps {
  label: string;
  value: string;
  options: readonly { value: string; text: string }[];
  onChange: (value: string) => void;
}

export function Dropdown({ label, value, options, onChange }: DropdownProps): ComponentChild {
  const element = useRef<HTMLSelectElement>(null);
  // The element takes a value only when its options are there; they are upgraded a microtask after they are rendered.
  useEffect(() => {
    const control = element.current;
    if (!control) return undefined;
    const frame = requestAnimationFrame(() => {
      if (control.value !== value) control.value = value;
    });
    return () => cancelAnimationFrame(frame);
  }, [value, options]);
  return h(
    'vscode-dropdown',
    {
      ref: element,
      class: 'field',
      'aria-label': label,
      title: label,
      onChange: (event: Event) => onChange((event.target as HTMLSelectElement).value),
    },
    options.map((option) => h('vscode-option', { key: option.value, value: option.value }, option.text)),
  );
}
