"""A LangGraph agent with a tool. A scripted chat model stands in for a real one, so that no key is needed."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

FORECASTS = {"oslo": "light snow, -2 degrees", "lisbon": "sunny, 19 degrees", "quito": "showers, 15 degrees"}


@tool
def forecast(city: str) -> str:
    """The weather of today in a city."""
    return FORECASTS[city]


class ScriptedModel(BaseChatModel):
    """Asks for the forecast of the city that it reads, and then reports it."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages[-1]))])

    def _reply(self, last: BaseMessage) -> AIMessage:
        if isinstance(last, ToolMessage):
            return AIMessage(f"Weather report: {last.content}.")
        text = str(last.content).lower()
        city = next((name for name in FORECASTS if name in text), None)
        if city is None:
            return AIMessage("Which city do you mean: Oslo, Lisbon or Quito?")
        return AIMessage("", tool_calls=[{"name": "forecast", "args": {"city": city}, "id": "call-1"}])


# With a real model: init_chat_model("...").bind_tools([forecast])
model = ScriptedModel()


def call_model(state: MessagesState) -> dict[str, list[BaseMessage]]:
    """Ask the model."""
    return {"messages": [model.invoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("model", call_model)
builder.add_node("tools", ToolNode([forecast]))
builder.add_edge(START, "model")
builder.add_conditional_edges("model", tools_condition)
builder.add_edge("tools", "model")
graph = builder.compile()
