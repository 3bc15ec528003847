"""A glossary for the terminal: reads a question from standard input and prints what the word means."""

import sys

GLOSSARY = {
    "latency": "Latency is the time between a request and its answer.",
    "throughput": "Throughput is how many requests are answered in a second.",
    "idempotent": "Idempotent means that doing it twice has the same effect as doing it once.",
}


def main() -> None:
    """Print the entry of the first known word, or the list of words."""
    # Whatever bytes come in, a question is no reason to crash.
    question = sys.stdin.buffer.read().decode("utf-8", errors="replace").lower()
    for word, meaning in GLOSSARY.items():
        if word in question:
            print(f"{meaning} (glossary)")
            return
    print(f"I know these words: {', '.join(GLOSSARY)}.")


if __name__ == "__main__":
    main()
