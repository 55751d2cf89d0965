import assert from "node:assert/strict";
import { test } from "node:test";

import { PalmGuard } from "../palm.js";

const finger = { pointerType: "touch", width: 40, height: 44 };
const pen = { pointerType: "pen", width: 1, height: 1 };

test("a finger draws, a contact as large as a palm does not", () => {
  const palms = new PalmGuard();
  assert.ok(!palms.isPalm({ ...finger, timeStamp: 0 }));
  assert.ok(palms.isPalm({ ...finger, height: 120, timeStamp: 0 }));
});

test("no touch draws while a pen is in use, nor just after", () => {
  const palms = new PalmGuard();
  palms.notice({ ...pen, timeStamp: 5_000 });
  assert.ok(palms.isPalm({ ...finger, timeStamp: 5_900 }));
  assert.ok(!palms.isPalm({ ...finger, timeStamp: 6_100 }));
});

test("a pen and a mouse are never a palm", () => {
  const palms = new PalmGuard();
  palms.notice({ ...pen, timeStamp: 0 });
  assert.ok(!palms.isPalm({ ...pen, timeStamp: 0 }));
  assert.ok(!palms.isPalm({ pointerType: "mouse", width: 500, height: 500, timeStamp: 0 }));
});

test("a cancelled touch is taken back only where a pen has been seen", () => {
  const palms = new PalmGuard();
  const cancelled = { ...finger, type: "pointercancel", timeStamp: 9_000 };
  assert.ok(!palms.isTakenBack(cancelled));
  palms.notice({ ...pen, timeStamp: 0 });
  assert.ok(palms.isTakenBack(cancelled));
  assert.ok(!palms.isTakenBack({ ...cancelled, type: "pointerup" }));
});
