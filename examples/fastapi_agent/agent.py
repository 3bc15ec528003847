"""A library's help desk as a FastAPI service, the way that many agents are deployed."""

import argparse

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

ANSWERS = {
    "borrow": "You can borrow up to ten books for four weeks.",
    "renew": "You can renew a loan twice, online or at the desk.",
    "fine": "The fine is 20 cents for each day and book.",
    "card": "A library card is free; bring an identity card.",
}
UNKNOWN = "I can tell you about borrowing, renewing, fines and library cards."


class Question(BaseModel):
    """What a client sends."""

    text: str


class Answer(BaseModel):
    """What it gets."""

    answer: str


app = FastAPI()


@app.get("/health")
def health() -> dict[str, bool]:
    """Says that the service is ready."""
    return {"ready": True}


@app.post("/ask")
def ask(question: Question) -> Answer:
    """Answer by the first word that is a topic."""
    for word in question.text.lower().split():
        found = ANSWERS.get(word.strip("?!.,"))
        if found:
            return Answer(answer=f"{found} Ask at the desk for more.")
    return Answer(answer=UNKNOWN)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8000)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning")
