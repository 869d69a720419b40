COPY incoming TO STDOUT
