"""The pages' URLs."""

from django.urls import path

from recognizer import views

urlpatterns = [
    path("", views.draw, name="draw"),
    path("drawings/", views.history, name="history"),
]
